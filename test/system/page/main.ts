/**
 * npm run page-check: people use the web page of the built server in a real Chromium: they sign in, look, try out, approve,
 * are refused. Prints what came of each step and leaves pictures of every view in build/page/; exits with 1 when something
 * is not as it must be, with 3 where no Chromium can be had (Debian's package `chromium-headless-shell`).
 */
import { mkdirSync } from 'node:fs';
import { findBrowser, MissingProgram } from '../programs.ts';
import { createChecks } from '../checks.ts';
import { checkApps } from './apps.ts';
import { checkAttacks } from './attacks.ts';
import { checkHostileNames } from './hostile.ts';
import { checkKeyboard } from './keyboard.ts';
import { checkLooks } from './looks.ts';
import { checkPasskeys } from './passkeys.ts';
import { checkPeople } from './people.ts';
import { checkPlans } from './plans.ts';
import { checkSpeed } from './speed.ts';
import { openStage } from './stage.ts';

let program: string;
try {
  program = findBrowser();
} catch (error) {
  if (!(error instanceof MissingProgram)) throw error;
  process.stdout.write(`No browser, so the page was not looked at: ${error.message}\n`);
  process.exit(3);
}
mkdirSync('build/page', { recursive: true });
const checks = createChecks(process.stdout);
const parts = {
  apps: checkApps,
  plans: checkPlans,
  people: checkPeople,
  keyboard: checkKeyboard,
  attacks: checkAttacks,
  looks: checkLooks,
};
const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => !wanted.length || wanted.includes(name);

const stage = await openStage(program);
try {
  for (const [name, check] of Object.entries(parts))
    if (isWanted(name)) {
      checks.print(`— ${name}`);
      await check(stage, checks).catch((error: unknown) =>
        checks.check(`${name} came to its end`, false, String(error)),
      );
    }
  checks.check('no request to another origin', stage.foreign.length === 0, stage.foreign.join(' '));
  checks.check('no script, policy or dialog complained', stage.complaints.length === 0, stage.complaints.join(' | '));
} finally {
  await stage.close();
}
if (isWanted('hostile')) await checkHostileNames(program, checks);
if (isWanted('passkeys')) await checkPasskeys(program, checks);
if (isWanted('speed')) await checkSpeed(program, checks);
checks.print(`${checks.passed()} passed, ${checks.failed()} failed`);
process.exit(checks.failed() ? 1 : 0);
