import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { requirementsOf } from '../../src/catalog/requirements.ts';
import { toolForRisk } from '../../src/guard/permit.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { openApp, requiredOf, valueFor } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';
import { fillArgs, toParams, wireOf } from '../simulator/fill.ts';
import { finish } from '../simulator/sign.ts';
import { violate } from '../support/fit.ts';

const all = loadCatalog().tools.flatMap((tool) =>
  requirementsOf(tool.command).map((requirement) => ({ tool, requirement })),
);

test('what a command asks of its parameters together is said with an example, and nothing is sent', async () => {
  const { app, sent, close } = await openApp({}, {});
  const raw = await openRaw(app, { elicits: false });
  const wrong: string[] = [];
  for (const { tool, requirement } of all) {
    const { name, command, risk } = tool;
    const args = violate<unknown>(
      command,
      requirement,
      requiredOf(command),
      (one, wanted) => wanted ?? valueFor(one, command.name),
    );
    sent.length = 0;
    const { result } = await raw.call(toolForRisk(risk.risk), { tool: name, arguments: args });
    const error = result?.structuredContent?.['error'] as { kind: string; message: string; hint: string } | undefined;
    const isNamed =
      error?.kind === 'invalid' && requirement.of.every((entry) => error.message.includes(entry.split('=')[0]!));
    const isAlways = !requirement.when && !requirement.unless && requirement.of.length === 1;
    const isShown = requirement.rule === 'none' || isAlways || error?.hint.includes('For example {');
    if (!isNamed || !isShown || sent.length)
      wrong.push(
        `${name} ${JSON.stringify(requirement)} ${JSON.stringify(args)}: ${sent.length} sent, ${result?.content?.[0]?.text.slice(0, 300)}`,
      );
  }
  await raw.close();
  await close();
  expect(wrong).toEqual([]);
  expect(all.length).toBeGreaterThan(0);
});

test('the simulator refuses what CloudStack refuses of parameters together', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const wrong: string[] = [];
  for (const { tool, requirement } of all) {
    const { command } = tool;
    if (command.auth) continue;
    const args = violate(
      command,
      requirement,
      fillArgs(simulator, command, ({ required }) => required === true),
      (one, wanted) => wanted ?? wireOf(simulator, command, one),
    );
    // What a command that creates nothing refuses of them, it refuses in its job.
    const { status, body } = await finish(simulator, command.name, toParams(args));
    const code: unknown = status === 200 ? body['jobresultcode'] : status;
    const expected = requirement.status === undefined ? [431, 432] : [requirement.status];
    if (!expected.includes(Number(code)))
      wrong.push(
        `${command.name} ${JSON.stringify(requirement)} ${JSON.stringify(args)}: ${status} ${JSON.stringify(body).slice(0, 200)}`,
      );
  }
  expect(wrong).toEqual([]);
});
