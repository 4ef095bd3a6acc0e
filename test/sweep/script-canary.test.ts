import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { mask } from '../../src/secrets/text.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import type { Outcome } from '../../src/types.ts';
import { requestOf, requiredOf, yes } from '../guard/counting.ts';
import { allowAll } from '../guard/protected.ts';
import { leaksIn, rich, secretArgs, seedSecrets } from './seeded-secrets.ts';
import { openServer } from './ways.ts';

// What is secret in answers, and what is secret among arguments, planted everywhere: no script sees the one, and nothing that
// comes of a script, of its plan or of an export repeats the other.

/** Commands by so many at once: each script is a thread. */
const inParts = (tools: readonly Tool[], max: number): Tool[][] =>
  Array.from({ length: Math.ceil(tools.length / max) }, (_, at) => tools.slice(at * max, (at + 1) * max));

const textOf = (outcome: Outcome): string =>
  [outcome.text, JSON.stringify(outcome.structured), JSON.stringify(outcome.rows())].join('\n');

/** A script that makes calls, and says of each whether the word was in what it was given: answers, errors, whatever hangs on them. */
const looking = (calls: readonly string[]): string =>
  [
    'const word = "Kanarien" + "vogel"; const seen = []; let masked = 0;',
    'const deep = (value, at = 0) => at > 6 ? "" : typeof value === "object" && value !== null',
    '  ? Reflect.ownKeys(value).map((key) => String(key) + deep(value[key], at + 1)).join(" ") : String(value);',
    'const look = async (name, run) => { let got; try { got = await run() } catch (error) { got = error }',
    '  const text = deep(got) + JSON.stringify(got) + String(got?.message) + String(got?.stack);',
    `  if (text.includes(${JSON.stringify(mask)})) masked++;`,
    '  if (text.includes(word)) seen.push(name + ": " + text.slice(Math.max(0, text.indexOf(word) - 80)).slice(0, 160)); };',
    ...calls,
    'return { seen, masked };',
  ].join('\n');

test('no script sees a secret of any answer, however it asks', async () => {
  const server = await openServer(
    { policy: allowAll },
    { answers: rich, env: { CLOUDSTACK_MCP_SCRIPT_MEMORY: '256' } },
  );
  const seen: unknown[] = [];
  let calls = 0;
  let masked = 0;
  // What asks for a question whatever the rules say is sent by no script.
  for (const tools of inParts(loadCatalog().tools, 40)) {
    const lines = tools.flatMap(({ command }) => {
      calls++;
      const args = JSON.stringify(requiredOf(command));
      const call = (view: string): string =>
        `await look(${JSON.stringify(command.name)}, () => cloudstack.${command.name}(${args}${view}));`;
      const isList = command.result === 'list';
      return [call(', { secrets: true, fields: ["*"] }'), ...(isList ? [call(', { sort: "id" }')] : [])];
    });
    const caller = { principal: `p${calls}`, host: 'cli', profile: 'default', isLocal: true };
    const outcome = await server.app
      .runScript(requestOf('run-script', { code: looking(lines) }, { caller, view: { secrets: true } }))
      .catch((error: unknown) => ({ error: (error as Error).message }));
    if ('error' in outcome) seen.push(outcome.error);
    else {
      const reported = outcome.structured['result'] as { seen: string[]; masked: number } | undefined;
      seen.push(...(reported?.seen ?? [outcome.text]));
      masked += reported?.masked ?? 0;
    }
  }
  await server.close();
  expect(seen.filter((one) => !/needs a confirmation by a person/.test(String(one)))).toEqual([]);
  expect(calls).toBe(loadCatalog().tools.length);
  // What was planted is there, and masked.
  expect(masked).toBeGreaterThan(calls / 2);
});

test('a secret that a script gives is in nothing that comes of it: answer, error, log, plan, saved plan, dry run, signature, export', async () => {
  const tools = loadCatalog().tools.filter(
    ({ command, risk }) => risk.risk !== 'read' && command.params.some(({ name }) => isSecretName(name)),
  );
  expect(tools.length).toBeGreaterThan(60);
  const leaks = new Set<string>();
  const note = (where: string, text: string): void => {
    for (const leak of leaksIn(where, text)) leaks.add(leak);
  };
  let planned = 0;
  const reported = new Map<string, number>();
  for (const isRefused of [false, true]) {
    // A cloud that answers with what it has, and one that repeats what it was given in its error.
    const server = await openServer(
      { policy: allowAll },
      {
        answers: (name, params) => {
          const isChange = loadCatalog().find(name)?.risk.risk !== 'read';
          if (!isRefused || !isChange) return undefined;
          const given = Object.entries(params).map(([key, value]) => `${key}=${value}; ${encodeURIComponent(value)}`);
          return { errorcode: 431, cserrorcode: 4350, errortext: `Cannot do that with ${given.join(', ')}` };
        },
      },
    );
    const { app, folder, state, said } = server;
    const script = (principal: string, codes: readonly string[]) => {
      const caller = { principal, host: 'test', profile: 'default', isLocal: true };
      const given = { caller, consent: yes };
      const report = async (where: string, running: Promise<Outcome>): Promise<Outcome | undefined> => {
        const ended = await running.catch((error: unknown) => error as Error & { hint?: string; done?: unknown });
        if (ended instanceof Error) {
          note(`${principal} ${where} error`, [ended.message, ended.hint, JSON.stringify(ended)].join('\n'));
          return undefined;
        }
        note(`${principal} ${where}`, textOf(ended));
        reported.set(where, (reported.get(where) ?? 0) + 1);
        return ended;
      };
      const run = (more: Record<string, unknown>) => app.runScript(requestOf('run-script', more, given));
      const code = `return [${codes.map((one) => `await ${one}`).join(', ')}]`;
      const store = (): void => writeFileSync(join(folder, 'own.js'), `/** @input {string} password It */\n${code}`);
      return { given, report, run, code, store };
    };
    const callOf = new Map(
      tools.map((tool) => {
        const args = requiredOf(tool.command, secretArgs(tool));
        return [tool, `cloudstack.${tool.command.name}(${JSON.stringify(args)})`] as const;
      }),
    );
    // A script is a thread: what succeeds is tried with several calls in one; where one of them fails, each for itself.
    const runAndStore = async (some: readonly Tool[]): Promise<void> => {
      const { report, run, code, store } = script(
        some.map(({ name }) => name).join(' '),
        some.map((tool) => callOf.get(tool)!),
      );
      if (!(await report('run', run({ code }))) && some.length > 1) {
        for (const tool of some) await runAndStore([tool]);
        return;
      }
      store();
      await report('stored', run({ name: 'own', inputs: { password: seedSecrets('input') } }));
      // Nothing is sent: what the cloud would say is all the same.
      if (!isRefused) await report('dry run', run({ code, mode: 'dry-run' }));
    };
    for (const some of inParts(tools, isRefused ? 1 : 5)) await runAndStore(some);
    for (const tool of tools) {
      const { name } = tool.command;
      const { given, report, run, code, store } = script(name, [callOf.get(tool)!]);
      // Where the call fails, nothing comes to be thrown.
      if (!isRefused) await report('thrown', run({ code: `throw await ${callOf.get(tool)}` }));
      store();
      await report('wrong input', run({ name: 'own', inputs: { password: { deep: seedSecrets('input') } } }));
      const made = await report('plan', run({ code, mode: 'plan' }));
      const plan = (made?.structured['plan'] as { id: string } | undefined)?.id;
      if (plan !== undefined) {
        planned++;
        for (const action of ['show', 'diff'] as const)
          await report(action, app.plan(requestOf('plan', { plan }, given), { action, id: plan }));
        for (const as of ['cmk', 'terraform', 'ansible', 'mermaid'])
          await report(`export as ${as}`, app.export(requestOf('export', { what: `plan=${plan}`, plan, as }, given)));
        await report('apply', app.plan(requestOf('plan', { plan }, given), { action: 'apply', id: plan }));
        await report('way back', app.plan(requestOf('undo', {}, given), { action: 'undo', id: 'last' }));
      }
      await report('list', app.plan(requestOf('plan', {}, given), { action: 'list' }));
    }
    note('said', said.join('\n'));
    note('audit', readFileSync(join(folder, 'audit.jsonl'), 'utf8'));
    for (const name of readdirSync(join(state, 'plans')))
      note('saved plans', readFileSync(join(state, 'plans', name), 'utf8'));
    await server.close();
  }
  expect([...leaks].slice(0, 40)).toEqual([]);
  expect(planned).toBeGreaterThan(tools.length);
  for (const where of ['run', 'dry run', 'plan', 'apply', 'show', 'export as cmk', 'way back'])
    expect(reported.get(where), where).toBeGreaterThan(10);
});
