/**
 * npm run terminal-check: whole commands of the built program at real terminals of 40, 80 and 200 columns, looked at by a
 * terminal emulator: no line is broken by the terminal, columns stand below each other, wide characters too; with NO_COLOR, at
 * 200 columns, no escape is sent; within a second something shows that work goes on; Tab in bash, zsh and fish gives whatever a
 * name is made of to the program as it is. `-- completion [SHELL]` does the last alone. Leaves recordings (.cast), screens (.txt)
 * and pictures (.svg) in build/terminal/. Exits with 1 when something is not as it must be, with 3 without util-linux' script.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../../src/cli/commands.ts';
import { startSimulator } from '../../support/process.ts';
import { bestWithin, createChecks } from '../checks.ts';
import { createCloud } from '../load/cloud.ts';
import { findProgram, MissingProgram } from '../programs.ts';
import { checkCompletion, hostileNames, shells } from './completion.ts';
import { record, toCast, type RecordOptions } from './record.ts';
import { brokenLines, crookedRows, pictureOf, screenOf, textOf } from './screen.ts';

try {
  findProgram(['script'], 'bsdutils');
} catch (error) {
  if (!(error instanceof MissingProgram)) throw error;
  process.stdout.write(`No terminal can be made: ${error.message}\n`);
  process.exit(3);
}

const { check, print, passed, failed } = createChecks(process.stdout);
const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-terminal-'));
const output = 'build/terminal';
mkdirSync(output, { recursive: true });
const cloud = await startSimulator('--job-millis', '300');
const env = {
  HOME: folder,
  CLOUDSTACK_MCP_STATE: join(folder, 'state'),
  CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'),
  CLOUDSTACK_API_URL: cloud.url,
  CLOUDSTACK_API_KEY: cloud.apiKey,
  CLOUDSTACK_SECRET_KEY: cloud.secretKey,
};
const script = join(folder, 'zones.js');
writeFileSync(script, 'return (await cloudstack.listZones({})).items.length;');
const calls = join(folder, 'calls.json');
writeFileSync(calls, '[{"tool":"create-affinity-group","arguments":{"name":"a","type":"host anti-affinity"}}]');

type Typing = Pick<RecordOptions, 'types' | 'stopAfter'>;
/** The display name of a machine. */
const wide = '東京ウェブ サーバー';
/** Every command that prints, by its first word. */
type Run = [name: string, argv: string[], typing?: Typing];
const runs: Record<string, Run[]> = {
  serve: [['serve', ['serve', '--simulator'], { stopAfter: 1500 }]],
  init: [['init', ['init', '--print', '--yes', '--from', 'simulator', '--hosts', 'cursor,codex']]],
  doctor: [['doctor', ['doctor']]],
  call: [
    ['machines', ['call', 'list-virtual-machines']],
    ['names', ['call', 'list-virtual-machines', '--fields', 'displayname,state,zonename']],
    ['zones', ['call', 'list-zones']],
    ['capacity', ['call', 'list-capacity']],
    ['one', ['call', 'list-virtual-machines', 'id=db-1']],
    ['object', ['call', 'list-capabilities']],
    ['groups', ['call', 'list-virtual-machines', '--group', 'state']],
    ['empty', ['call', 'list-virtual-machines', 'name=nothing']],
    ['change', ['call', 'create-snapshot', 'volumeid=db-data']],
    ['question', ['call', 'stop-virtual-machine', 'id=web-2'], { types: { after: '[yes/no]', text: 'no' } }],
    ['wrong', ['call', 'list-zones', 'nmae=x']],
    ['watch', ['call', 'list-zones', '--watch', '--every', '1'], { stopAfter: 4000 }],
    ['tool', ['call', 'deploy-virtual-machine', '--help']],
  ],
  whoami: [['whoami', ['whoami']]],
  diagnose: [['diagnose', ['diagnose', 'machine', 'build-runner']]],
  script: [
    ['script', ['script', 'run', script]],
    ['approvals', ['script', 'approvals']],
  ],
  approve: [['approve', ['approve']]],
  passkey: [['passkey-reset', ['passkey', 'reset', 'someone']]],
  receipt: [
    ['receipts', ['receipt', 'list']],
    ['receipt-key', ['receipt', 'key']],
  ],
  ui: [['ui', ['ui', '--no-open'], { stopAfter: 3000 }]],
  plan: [
    ['plan', ['plan', 'make', calls]],
    ['plans', ['plan', 'show']],
  ],
  undo: [['undo', ['undo', 'nothing']]],
  export: [['export', ['export', 'network', '--as', 'terraform']]],
  keys: [['keys', ['keys', 'show', 'admin'], { types: { after: '[yes/no]', text: 'yes' } }]],
  audit: [
    ['audit-tail', ['audit', 'tail']],
    ['audit-verify', ['audit', 'verify']],
    ['audit-head', ['audit', 'head']],
  ],
  tools: [
    ['tools-list', ['tools', 'list', '--toolset', 'volume']],
    ['tools-find', ['tools', 'find', 'resize', 'a', 'disk']],
    ['tools-show', ['tools', 'show', 'resize-volume']],
  ],
  simulator: [['simulator', ['simulator', '--port', '0'], { stopAfter: 2500 }]],
  token: [['token', ['token', 'new']]],
  demo: [['demo', ['demo']]],
  eval: [['eval', ['eval', '--reference', 'count-stopped', 'who-am-i']]],
  catalog: [['catalog', ['catalog', 'diff']]],
  completion: [['completion', ['completion', 'fish']]],
  version: [['version', ['version']]],
};
/** What a program or a shell reads has lines of its own length. */
const forPrograms = new Set(['completion', 'simulator', 'init', 'export', 'receipt-key']);
/** Screens of which pictures are made. */
const pictured = new Set(['demo', 'machines', 'doctor', 'change']);

/** Two at once: each is a process that waits at times. */
const eachRun = async (work: (run: Run) => Promise<void>): Promise<void> => {
  const waiting = Object.values(runs).flat();
  const worker = async (): Promise<void> => {
    for (let run = waiting.shift(); run; run = waiting.shift()) await work(run);
  };
  await Promise.all([worker(), worker()]);
};

/** Where colours are not wanted: how wide a terminal is makes no difference to that. */
const plainCols = 200;
/** Commands that sent an escape there. */
const coloured: string[] = [];

const tryAll = (cols: number): Promise<void> =>
  eachRun(async ([name, argv, typing]) => {
    // A question is asked by a line editor, which moves the cursor.
    const isPlain = cols === plainCols && !typing?.types;
    const recording = await record(argv, { cols, env: isPlain ? { ...env, NO_COLOR: '1' } : env, ...typing });
    const text = recording.pieces.map(([, piece]) => piece).join('');
    if (isPlain && text.includes('\u001b')) coloured.push(name);
    const lines = await screenOf(text, cols);
    const path = join(output, `${name}-${cols}`);
    writeFileSync(`${path}.cast`, `${toCast(recording, cols)}\n`);
    writeFileSync(`${path}.txt`, `${lines.map(textOf).join('\n')}\n`);
    if (pictured.has(name)) writeFileSync(`${path}.svg`, pictureOf(lines, cols));
    const problems = [
      ...(lines.length ? [] : ['nothing was shown']),
      ...(forPrograms.has(name) ? [] : brokenLines(lines).map((line) => `broken: ${line}`)),
      ...crookedRows(lines).map((row) => `not in its columns: ${row}`),
      ...(recording.status === null ? ['it was killed'] : []),
    ];
    check(`${name} at ${cols} columns`, problems.length === 0, problems.slice(0, 3).join(' | '));
  });

/** A cloud that takes connections and says nothing. */
const checkLife = async (): Promise<void> => {
  const silent = createServer(() => undefined);
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/client/api`;
  const quiet = { ...env, CLOUDSTACK_API_URL: url, CLOUDSTACK_TIMEOUT: '4000', CLOUDSTACK_MCP_RETRIES: '0' };
  for (const argv of [['call', 'list-zones'], ['whoami'], ['doctor'], ['tools', 'list']]) {
    const best = await bestWithin(1, async () => {
      const { pieces } = await record(argv, { cols: 80, env: quiet, stopAtFirst: true });
      return pieces[0]?.[0] ?? Infinity;
    });
    check(`${argv.join(' ')} shows life within a second of a cloud that is silent`, best <= 1, `${best.toFixed(2)} s`);
  }
  silent.close();
};

/** Tab in every shell that is here; the names of what is proposed are those that tenants give. */
const checkShells = async (): Promise<void> => {
  const operator = createCloud(cloud);
  const size = { displaytext: 'x', cpunumber: '1', cpuspeed: '100', memory: '128' };
  for (const name of hostileNames) await operator.ask('createServiceOffering', { name, ...size });
  await operator.close();
  const wanted = shells.filter(({ name }) => [undefined, name].includes(process.argv[3]));
  const here = wanted.filter(({ name }) => spawnSync(name, ['-c', ':']).status === 0);
  for (const { name } of wanted.filter((shell) => !here.includes(shell))) print(`not checked: ${name} is not here`);
  // One after the other: a name that comes late is not proposed.
  for (const shell of here) check(...(await checkCompletion(shell, folder, env)));
};

try {
  if (process.argv[2] !== 'completion') {
    const missing = Object.keys(commands).filter((name) => runs[name] === undefined);
    check('every command is recorded', missing.length === 0, missing.join(' '));
    await record(['call', 'update-virtual-machine', 'id=jump-host', `displayname=${wide}`], { cols: 80, env });
    for (const cols of [40, 80, plainCols]) await tryAll(cols);
    check('with NO_COLOR no command sends an escape', coloured.length === 0, coloured.join(' '));
    await checkLife();
  }
  await checkShells();
} finally {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
}
print(`${passed()} passed, ${failed()} failed; recordings in ${output}/`);
process.exit(failed() ? 1 : 0);
