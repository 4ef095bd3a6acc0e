import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import type { Transport } from '../../src/cloudstack/transport.ts';
import { CallError } from '../../src/errors.ts';
import { loadData } from '../../src/data.ts';
import { changes, fillAll, openCached } from '../cache/cloud.ts';
import { createCounting, openApp, requestOf, requiredOf, usual, uuid, yes, type Answers } from '../guard/counting.ts';

// What came back is not what was done. Every command that changes something, and every one that runs as a job, is answered with
// what proves nothing: it is of unknown outcome, sent once, and says where to look.

type Body = Record<string, unknown>;

/** Answers to a change that say nothing of it. */
const empty: Record<string, Body> = {
  'an empty object': {},
  'a count alone': { count: 0 },
  'an empty row': { thing: {} },
  'a row of nothing': { thing: { id: null, name: '' } },
  'an empty list': { thing: [] },
  'success that is neither true nor false': { success: 'maybe' },
  'success without a value': { success: null },
  'a list of texts': { thing: ['done'] },
  'a job whose id is a number': { jobid: 17 },
  'a job whose id is empty': { jobid: '' },
  'a job whose id is null': { jobid: null },
  'a job whose id is an object': { jobid: { id: uuid(2) } },
  'a job whose id is a list': { jobid: [uuid(2)] },
  'a job whose id is a sentence': { jobid: 'see the job list' },
  'a state without a job': { jobstatus: 1 },
};

/** More that is no answer to a command that runs as a job. */
const withoutJob: Record<string, Body> = {
  'success instead of a job': { success: true },
  'a row instead of a job': { virtualmachine: { id: uuid(1), name: 'web-1', state: 'Running' } },
  'the id of the new object alone': { id: uuid(1) },
};

/** Answers about the job that began, which tell no state of it. */
const states: Record<string, Body> = {
  'no state': {},
  'a state in words': { jobstatus: 'done' },
  'a state that is true': { jobstatus: true },
  'a state in a list': { jobstatus: [1] },
  'a state that no job has': { jobstatus: 7 },
  'the answer to another command': { count: 0 },
};

const { mayBeEmpty, envelopes: former } = loadData<{ mayBeEmpty: string[]; envelopes: Record<string, string> }>(
  'quirks.json',
);

const isChange = ({ risk }: Tool): boolean => risk.risk === 'change' || risk.risk === 'destroy';

const commands = loadCatalog().tools.filter((tool) => {
  const { auth, result, name, async: isJob } = tool.command;
  return !auth && (isJob ? true : isChange(tool) && result !== 'none' && !mayBeEmpty.includes(name));
});

/** Envelopes that are not a command's own. */
const elsewhere: Record<string, (of: Tool) => string> = {
  'the next command': ({ command }) => {
    const { tools } = loadCatalog();
    const after = tools.slice(tools.findIndex((one) => one.command.name === command.name) + 1);
    return [...after, ...tools].find((one) => one.command.wrapper !== command.wrapper)!.command.wrapper;
  },
  'a list': () => 'listzonesresponse',
  'an error': () => 'errorresponse',
  'no command': () => 'result',
  'no name': () => '',
};

/** The envelopes that releases of CloudStack give its answer. */
const own: Record<string, (of: Tool) => string> = {
  'its own': ({ command }) => command.wrapper,
  'its own, in capitals': ({ command }) => command.wrapper.toUpperCase(),
  'that of its name': ({ command }) => `${command.name.toLowerCase()}response`,
  'that of earlier releases': ({ command }) => former[command.name] ?? command.wrapper,
};

/** An app whose cloud answers well-formed, in the envelope that is given for the command that is tried. */
const openRenaming = async (envelopeOf: (of: Tool) => string, answerOf?: () => { status: number; body: Body }) => {
  const { transport, times } = createCounting();
  let tried: Tool | undefined;
  const renaming: Transport = {
    ...transport,
    send: async (request, stop) => {
      const response = await transport.send(request, stop);
      const name = new URLSearchParams(request.body ?? request.url.split('?')[1]).get('command');
      if (name !== tried?.command.name) return response;
      const [inner] = Object.values(JSON.parse(response.body) as Body);
      const { status, body } = answerOf?.() ?? { status: response.status, body: inner };
      return { ...response, status, body: JSON.stringify({ [envelopeOf(tried)]: body }) };
    },
  };
  const { app, close } = await openApp({ policy: { protect: false } }, { transport: renaming });
  const call = (tool: Tool): Promise<unknown> => {
    tried = tool;
    const request = requestOf(tool.command.name, requiredOf(tool.command), { consent: yes });
    return app.call(request).then(
      () => 'done',
      (error: unknown) => (error instanceof CallError ? error.kind : error),
    );
  };
  return { call, times, close };
};

/** With those whose answer may say nothing. */
const everyChange = loadCatalog().tools.filter((tool) => !tool.command.auth && (tool.command.async || isChange(tool)));

const open = async (answer: () => Answers) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-unproven-'));
  const audit = join(folder, 'audit.jsonl');
  const opened = await openApp(
    { policy: { protect: false } },
    { answers: (...given) => answer()(...given), env: { CLOUDSTACK_MCP_AUDIT: audit } },
  );
  return {
    ...opened,
    close: async () => {
      await opened.close();
      const entries = readFileSync(audit, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as AuditEntry);
      rmSync(folder, { recursive: true });
      return entries;
    },
  };
};

test.each([
  ...Object.entries(empty).map(([what, body]) => [what, body, commands] as const),
  ...Object.entries(withoutJob).map(
    ([what, body]) => [what, body, commands.filter(({ command }) => command.async && !command.earlier)] as const,
  ),
])('%s', async (_what, body, all) => {
  let changing = '';
  const { app, times, close } = await open(() => (command) => (command === changing ? body : undefined));
  const wrong: string[] = [];
  for (const { command } of all) {
    changing = command.name;
    const outcome = await app
      .call(requestOf(command.name, requiredOf(command), { consent: yes }))
      .then(() => 'done')
      .catch((error: unknown) => error);
    const { kind, hint = '' } = outcome instanceof CallError ? outcome : { kind: outcome };
    if (kind !== 'unknown-outcome' || !hint.includes('whether it happened'))
      wrong.push(`${command.name}: ${String(kind)} ${hint}`);
    if (times(command.name) !== 1) wrong.push(`${command.name}: sent ${times(command.name)} times`);
  }
  const entries = await close();
  expect(wrong).toEqual([]);
  const results = entries.flatMap((entry) => (entry.result === undefined ? [] : [entry.result]));
  expect(new Set(results)).toEqual(new Set(['unknown']));
  expect(results.length).toBe(all.length);
});

test.each(Object.entries(states))('of a job that was begun: %s', async (_what, state) => {
  const { app, times, close } = await open(
    () =>
      (command, { jobid }) =>
        command === 'queryAsyncJobResult' ? { ...(_what === 'no state' ? {} : { jobid }), ...state } : undefined,
  );
  const wrong: string[] = [];
  for (const { command } of commands.filter(({ command: { async: isJob } }) => isJob)) {
    const outcome: unknown = await app
      .call(requestOf(command.name, requiredOf(command), { consent: yes, wait: 0 }))
      .then(() => 'done')
      .catch((error: unknown) => error);
    const { kind, job } = outcome instanceof CallError ? outcome : { kind: outcome };
    if (kind !== 'unknown-outcome' || job !== uuid(2)) wrong.push(`${command.name}: ${String(kind)} ${String(job)}`);
    if (times(command.name) !== 1) wrong.push(`${command.name}: sent ${times(command.name)} times`);
  }
  await close();
  expect(wrong).toEqual([]);
});

/** Makes every change once; which of them is not of unknown outcome, or was not sent exactly once. */
const notUnknown = async (
  { call, times, close }: Awaited<ReturnType<typeof openRenaming>>,
  changes: readonly Tool[] = everyChange,
): Promise<string[]> => {
  const wrong: string[] = [];
  for (const tool of changes) {
    const outcome = await call(tool);
    const { name } = tool.command;
    if (outcome !== 'unknown-outcome') wrong.push(`${name}: ${String(outcome)}`);
    if (times(name) !== 1) wrong.push(`${name}: sent ${times(name)} times`);
  }
  await close();
  return wrong;
};

test.each(Object.entries(elsewhere))('what would prove it, in the envelope of %s', async (_what, envelopeOf) => {
  const cloud = await openRenaming(envelopeOf);
  expect(await notUnknown(cloud)).toEqual([]);
  expect(everyChange.length).toBeGreaterThan(commands.length);
});

/** Errors of the form that CloudStack's have. */
const refusals: Record<string, Body> = {
  'an error': { errorcode: 431, cserrorcode: 4350, errortext: 'Unable to find it' },
  'an error of the server': { errorcode: 530, cserrorcode: 4250, errortext: 'Internal error executing command' },
  'who asks cannot be verified': { errorcode: 401, errortext: 'unable to verify user credentials' },
};

/** What looks like an error of its own, and is none of CloudStack's. */
const misshapen: Record<string, Body> = {
  'without a number': { errorcode: null, errortext: 'Unable to find it' },
  'with a number as text': { errorcode: '431', cserrorcode: 4350, errortext: 'Unable to find it' },
  'with a list for its number': { errorcode: [431], errortext: 'Unable to find it' },
};

/** An app whose cloud refuses with `body` whatever is tried. */
const openRefusing = (body: Body, envelopeOf: (of: Tool) => string) =>
  openRenaming(envelopeOf, () => ({ status: Number(body['errorcode']) || 431, body }));

const notOfErrors = Object.entries(elsewhere).filter(([where]) => where !== 'an error');

// Every change with every refusal, in an envelope in turn: each envelope has a part of every refusal's changes, and they all.
test.each(
  notOfErrors.flatMap(([where, envelopeOf], at) =>
    Object.entries(refusals).map(([what, body], which) => {
      const inTurn = everyChange.filter((_, change) => (change + which) % notOfErrors.length === at);
      return [what, where, body, envelopeOf, inTurn] as const;
    }),
  ),
)('%s in the envelope of %s is no refusal', async (_what, _where, body, envelopeOf, inTurn) => {
  const cloud = await openRefusing(body, envelopeOf);
  expect(inTurn.length).toBeGreaterThan(100);
  expect(await notUnknown(cloud, inTurn)).toEqual([]);
});

test.each(Object.entries(misshapen))('an error in its own envelope, %s, is no refusal', async (_what, body) => {
  const cloud = await openRefusing(body, own['its own']!);
  expect(await notUnknown(cloud)).toEqual([]);
});

test.each([...Object.entries(own), ['of no command', elsewhere['an error']!] as const])(
  'a refusal in the envelope %s is one',
  async (_what, envelopeOf) => {
    const { call, close } = await openRefusing(refusals['an error']!, envelopeOf);
    const wrong: string[] = [];
    for (const tool of everyChange) {
      const outcome = await call(tool);
      if (outcome !== 'not-found' && outcome !== 'invalid') wrong.push(`${tool.command.name}: ${String(outcome)}`);
    }
    await close();
    expect(wrong).toEqual([]);
  },
);

test.each(Object.entries(own))('what proves it, in the envelope %s', async (_what, envelopeOf) => {
  const { call, close } = await openRenaming(envelopeOf);
  const wrong: string[] = [];
  for (const tool of everyChange) {
    const outcome = await call(tool);
    if (outcome !== 'done') wrong.push(`${tool.command.name}: ${String(outcome)}`);
  }
  await close();
  expect(wrong).toEqual([]);
});

test('what CloudStack answers is taken for done', async () => {
  const { app, close } = await open(() => () => undefined);
  for (const { command } of commands) {
    const done = app.call(requestOf(command.name, requiredOf(command), { consent: yes }));
    await expect(done, `${command.name} ${JSON.stringify(usual(command, {}))}`).resolves.toBeDefined();
  }
  for (const name of mayBeEmpty) expect(loadCatalog().find(name)?.command.async, name).toBeUndefined();
  await close();
});

test('what the simulator answers to a change is proof of it', async () => {
  const { simulator, call, close } = await openCached({}, { policy: { protect: false } });
  const unproven: string[] = [];
  for (const { command } of changes)
    for (const all of [true, false]) {
      const args = fillAll(simulator, command, ({ required }) => all || required === true);
      await call(command.name, args, { wait: 5000 }).catch((error: unknown) => {
        if (!(error instanceof CallError)) throw error;
        if (error.kind === 'unknown-outcome') unproven.push(error.message);
      });
    }
  await close();
  expect(unproven).toEqual([]);
});
