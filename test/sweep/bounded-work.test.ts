import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashToken } from '../../src/web/tokens.ts';
import { newFolder } from '../audit/log.ts';
import { startCloud, type Cloud } from '../support/harness.ts';

// No input of 4 MiB, whoever sends it, keeps everybody else waiting.

/** Bytes of a message: what the HTTP door takes. */
const size = 4 * 2 ** 20 - 2000;
/** Milliseconds of processor time that one turn of the event loop may take. */
const maxTurnMs = 250;

const many = (count: number, of: (at: number) => [string, unknown]): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => of(at)));
const filled = (unit: string): string =>
  unit.repeat(Math.floor(size / Buffer.byteLength(JSON.stringify(unit).slice(1, -1))));
const nested = (open: string, value: string, close: string, depth: number): string =>
  open.repeat(depth) + value + close.repeat(depth);

const read = (args: unknown, more: object = {}) => ({
  name: 'read',
  arguments: { tool: 'listZones', arguments: args, ...more },
});
const machines = (query: object) => ({
  name: 'read',
  arguments: { tool: 'listVirtualMachines', arguments: { listall: true }, ...query },
});
const change = (tool: string, args: unknown) => ({ name: 'change', arguments: { tool, arguments: args } });

/** What a caller sends; as text where it is no JSON that can be made from a value. */
const inputs: Record<string, object | string> = {
  'addresses without an end': read({ x: filled('://:') }),
  'a text of blanks': read({ keyword: filled(' ') }),
  'a text of pairs': read({ keyword: filled('a=b:') }),
  'a text of different pairs': read({ keyword: Array.from({ length: 300_000 }, (_, at) => `k${at}=v`).join(' ') }),
  'a text of line breaks': read({ keyword: filled('\n ') }),
  'a text of letters': read({ keyword: filled('x') }),
  "a command's name": { name: 'read', arguments: { tool: filled('x') } },
  "a tool's name": { name: filled('x'), arguments: {} },
  'many unknown parameters': change(
    'deployVirtualMachine',
    many(16_000, (at) => [`p${at}`, 'x']),
  ),
  'very many unknown parameters': change(
    'deployVirtualMachine',
    many(250_000, (at) => [`p${at}`, 1]),
  ),
  'many passwords': change(
    'deployVirtualMachine',
    many(3000, (at) => [`p${at}password`, `secret-${at}`]),
  ),
  'as many passwords as parameters may be': change(
    'deployVirtualMachine',
    many(490, (at) => [`p${at}password`, `secret-${at}`.repeat(600)]),
  ),
  'as many long texts as parameters may be': read(many(490, (at) => [`p${at}`, 'a=b '.repeat(2000)])),
  'long names of parameters': read(many(16, (at) => [`${at}${'x'.repeat(250_000)}`, 1])),
  'long entries of a list': read({ id: Array.from({ length: 400_000 }, () => 'a') }),
  'a list of the same name': change('deployVirtualMachine', {
    zoneid: 'Frankfurt',
    networkids: Array.from({ length: 3000 }, () => 'nowhere'),
  }),
  'a list of many names': change('deployVirtualMachine', {
    zoneid: 'Frankfurt',
    networkids: Array.from({ length: 9000 }, (_, at) => `net-${at}`),
  }),
  'JSON text of arguments': read(JSON.stringify(many(200_000, (at) => [`p${at}`, 'x']))),
  'JSON text that nests': read({ keyword: nested('[', '', ']', 1_000_000) }),
  'maps in JSON text': change('deployVirtualMachine', {
    details: JSON.stringify(many(200_000, (at) => [`d${at}`, 'x'])),
  }),
  'a search': { name: 'find-tools', arguments: { query: filled('volume ') } },
  'a search of short words': { name: 'find-tools', arguments: { query: filled('a b c ') } },
  'a search in one word': { name: 'find-tools', arguments: { query: filled('x') } },
  'a toolset': { name: 'find-tools', arguments: { query: 'x', toolset: filled('x') } },
  'names to describe': { name: 'describe-tools', arguments: { tools: filled(',') } },
  'names to describe, as a list': {
    name: 'describe-tools',
    arguments: { tools: Array.from({ length: 400_000 }, () => 'x') },
  },
  fields: read({}, { fields: filled('a,') }),
  'fields with dots': read({}, { fields: [filled('a.')] }),
  'a profile': read({}, { profile: filled('x') }),
  'a page': read({}, { page: filled('9') }),
  'unknown keys of the tool': {
    name: 'read',
    arguments: { tool: 'listZones', ...many(200_000, (at) => [`k${at}`, 1]) },
  },
  'a job': { name: 'wait-for-job', arguments: { job: filled('x') } },
  'a question over rows': machines({ where: filled('name = 1 or ') }),
  'a question as long as one may be, of brackets': machines({ where: '('.repeat(1000) }),
  'a question as long as one may be, of quotes': machines({ where: `name = "${'\\\\'.repeat(490)}"` }),
  'a question as long as one may be, of comparisons': machines({ where: `${'id=1 or '.repeat(124)}id=1` }),
  'a question in a long list': machines({ where: `name in (${'1,'.repeat(400)}1)` }),
  'fields to sort by': machines({ sort: filled('a,') }),
  'fields to sort by, as a list': machines({ sort: Array.from({ length: 400_000 }, () => 'name') }),
  'fields to group by': machines({ group: filled('sum(') }),
  'fields to group by, as a list': machines({ group: Array.from({ length: 400_000 }, () => 'name') }),
  'names that no field has, to group by': machines({ group: [filled('x')], sort: [filled('y')] }),
  'a kind to diagnose': { name: 'diagnose', arguments: { kind: filled('x'), id: 'web-1' } },
  'a thing to diagnose': { name: 'diagnose', arguments: { kind: 'virtual-machine', id: filled('x') } },
  'a question to diagnose': {
    name: 'diagnose',
    arguments: { kind: 'virtual-machine', id: 'web-1', question: filled('port 1 ') },
  },
  'calls of a plan': { name: 'change', arguments: { mode: 'plan', calls: Array.from({ length: 400_000 }, () => 1) } },
  'calls of a plan as JSON text': {
    name: 'change',
    arguments: { mode: 'plan', calls: `[${'{"tool":"x"},'.repeat(240_000)}{}]` },
  },
  'a plan of as many steps as may be, of long names': {
    name: 'change',
    arguments: {
      mode: 'plan',
      calls: Array.from({ length: 100 }, (_, at) => ({
        tool: 'create-affinity-group',
        arguments: { name: `g${at}`, type: 'x', description: 'a=b '.repeat(9000) },
      })),
    },
  },
  'references to steps of a plan': {
    name: 'change',
    arguments: { mode: 'plan', calls: [{ tool: 'deploy-virtual-machine', arguments: { name: filled('$1.') } }] },
  },
  'an id of a plan': { name: 'change', arguments: { plan: filled('A-') } },
  'a change to undo': { name: 'change', arguments: { undo: filled('a') } },
  'a script': { name: 'run-script', arguments: { code: filled('x;') } },
  'a script as long as one may be': { name: 'run-script', arguments: { code: '(('.repeat(65_000) } },
  'a script that returns too much': { name: 'run-script', arguments: { code: `return 'x=y:'.repeat(${2 ** 19})` } },
  'a script that prints too much': {
    name: 'run-script',
    arguments: { code: `for (let i = 0; i < 1e5; i++) console.log('x'.repeat(100))` },
  },
  'a script that asks for too much': {
    name: 'run-script',
    arguments: { code: `return cs.listZones({ keyword: '://:'.repeat(${2 ** 18}) })` },
  },
  'a name that is near no other': read({ name: filled('y') }),
  'values that nest': `{"name":"read","arguments":{"tool":"listZones","arguments":{"x":${nested('[', '', ']', 900_000)}}}}`,
  'objects that nest': `{"name":"read","arguments":{"tool":"listZones","arguments":{"x":${nested('{"a":', '1', '}', 600_000)}}}}`,
};

/** Bytes of a question of the page, which takes half as much. */
const pageSize = 2 ** 21 - 2000;
const halfFilled = (unit: string): string => filled(unit).slice(0, pageSize);

/** Bytes of a question that the page takes. */
const pageLimit = 2 ** 21;

/** What the page is asked: the question, and its body. */
const pageInputs: Record<string, [question: string, body: unknown]> = {
  'more than the page takes': ['call', { tool: 'listZones', args: { x: filled('://:') } }],
  'a text': ['call', { tool: 'listZones', args: { x: halfFilled('://:') } }],
  'a text of pairs for the page': ['call', { tool: 'listZones', args: { keyword: halfFilled('a=b:') } }],
  'a tool of the page': ['call', { tool: halfFilled('x') }],
  'many parameters': ['call', { tool: 'deployVirtualMachine', args: many(150_000, (at) => [`p${at}`, 1]) }],
  'many keys': ['call', many(150_000, (at) => [`k${at}`, 1])],
  'many fields': ['call', { tool: 'listZones', fields: Array.from({ length: 400_000 }, () => 1) }],
  'a long question over rows': ['call', { tool: 'listVirtualMachines', where: halfFilled('name = 1 or ') }],
  'a dry run': ['call', { tool: 'deployVirtualMachine', dryRun: true, args: { userdata: halfFilled('x') } }],
  'a search of the page': ['find', { query: halfFilled('a b c ') }],
  'a tool to describe': ['describe', { tool: halfFilled('x') }],
  'a code to approve': ['reply', { code: halfFilled('x'), approve: true }],
  'a phrase': ['reply', { code: 'AAAA-AAAA', approve: true, phrase: halfFilled('x') }],
  'a reason': ['reply', { code: 'AAAA-AAAA', approve: false, reason: halfFilled('x ') }],
  'a token': ['sign-in', { token: halfFilled('x') }],
  'a kind': ['related', { kind: halfFilled('x') }],
  'a profile of the page': ['whoami', { profile: halfFilled('x') }],
};

/** What is asked to complete what someone types. */
const completions: Record<string, object> = {
  'a value to complete': {
    ref: { type: 'ref/prompt', name: 'deployVirtualMachine' },
    argument: { name: 'zoneid', value: filled('x') },
  },
  'a list to complete': {
    ref: { type: 'ref/prompt', name: 'deployVirtualMachine' },
    argument: { name: 'networkids', value: filled('a,') },
  },
  "an argument's name to complete": {
    ref: { type: 'ref/prompt', name: 'deployVirtualMachine' },
    argument: { name: filled('x'), value: '' },
  },
  "a tool's name to complete": {
    ref: { type: 'ref/prompt', name: 'read' },
    argument: { name: 'tool', value: filled('l') },
  },
  'what to complete': { ref: { type: 'ref/prompt', name: filled('x') }, argument: { name: 'x', value: '' } },
  'arguments beside what is completed': {
    ref: { type: 'ref/prompt', name: 'deployVirtualMachine' },
    argument: { name: 'zoneid', value: '' },
    context: { arguments: many(200_000, (at) => [`k${at}`, 'x']) },
  },
};

const messageOf = (id: number, input: object | string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"${typeof input === 'object' && 'ref' in input ? 'completion/complete' : 'tools/call'}","params":${typeof input === 'string' ? input : JSON.stringify(input)}}`;

/** A server in a process of its own, of which the longest turns are known. */
const startServer = (cloud: Cloud, flags: readonly string[], env: Record<string, string> = {}) => {
  const child: ChildProcessWithoutNullStreams = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', './test/support/loop-probe.ts', 'dist/main.js', 'serve', ...flags],
    {
      env: {
        PATH: '',
        ...cloud.env,
        CLOUDSTACK_MCP_STATE: newFolder(),
        CLOUDSTACK_MCP_AUDIT: join(newFolder(), 'audit.jsonl'),
        CLOUDSTACK_MCP_RATE_LIMIT: '100000',
        ...env,
      },
    },
  );
  const waiting: { pattern: RegExp; found: (text: string) => void; fail: (error: Error) => void }[] = [];
  child.once('exit', () => {
    for (const { fail } of waiting) fail(new Error(`it ended: ${printed.slice(-20).join('\n')}`));
  });
  const printed: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    printed.push(line);
    for (const one of [...waiting]) {
      const [, text] = one.pattern.exec(line) ?? [];
      if (text === undefined) continue;
      waiting.splice(waiting.indexOf(one), 1);
      one.found(text);
    }
  });
  const next = (pattern: RegExp): Promise<string> =>
    new Promise((found, fail) => {
      waiting.push({ pattern, found, fail });
    });
  return {
    child,
    next,
    turn: async (): Promise<number> => {
      const line = next(/^longest turn: (\d+) ms$/);
      child.kill('SIGUSR2');
      return Number(await line);
    },
    stop: async (): Promise<void> => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    },
  };
};

interface Door {
  send(message: string): Promise<string>;
  turn(): Promise<number>;
  stop(): Promise<void>;
}

const overHttp = async (cloud: Cloud): Promise<Door> => {
  const server = startServer(cloud, ['--transport', 'http', '--port', '0']);
  const url = `${await server.next(/Serving MCP on (\S+\/mcp)/)}`;
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const initialize = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
  };
  const begun = await fetch(url, { method: 'POST', headers, body: JSON.stringify(initialize) });
  await begun.text();
  const session = begun.headers.get('mcp-session-id') ?? '';
  return {
    ...server,
    send: async (body) =>
      (await fetch(url, { method: 'POST', headers: { ...headers, 'mcp-session-id': session }, body })).text(),
  };
};

const overStdio = async (cloud: Cloud): Promise<Door> => {
  const server = startServer(cloud, []);
  const answers = createInterface({ input: server.child.stdout })[Symbol.asyncIterator]();
  const send = async (message: string): Promise<string> => {
    server.child.stdin.write(`${message}\n`);
    return (await answers.next()).value as string;
  };
  await send(
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}',
  );
  return { ...server, send };
};

const token = 'a-token-of-someone-00000';

/** The page, signed in; what is sent is the question and its body. */
const overPage = async (cloud: Cloud): Promise<Door> => {
  const config = join(newFolder(), 'config.json');
  const auth = { tokens: { local: hashToken(token) } };
  writeFileSync(config, JSON.stringify({ auth, principals: { local: { role: 'admin' } } }));
  const server = startServer(cloud, ['--transport', 'http', '--port', '0', '--config', config]);
  const { origin } = new URL(await server.next(/Serving MCP on (\S+\/mcp)/));
  let cookie = '';
  const ask = (question: string, body: unknown) =>
    fetch(`${origin}/page/api/${question}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-cloudstack-page': '1', origin, cookie },
      body: JSON.stringify(body),
    });
  cookie = (await ask('sign-in', { token })).headers.getSetCookie()[0]!.split(';', 1)[0]!;
  return {
    ...server,
    send: async (message) => {
      const [question, body] = JSON.parse(message) as [string, unknown];
      return (await ask(question, body)).text();
    },
  };
};

describe('over the page', () => {
  let cloud: Cloud;
  let door: Door;
  beforeAll(async () => {
    cloud = await startCloud();
    door = await overPage(cloud);
    for (const warm of [
      ['call', { tool: 'listZones' }],
      ['call', { tool: 'deployVirtualMachine', args: { a: 1, password: 'p' } }],
      ['find', { query: 'resize a volume' }],
      ['approvals', {}],
    ])
      await door.send(JSON.stringify(warm));
    await door.turn();
  });
  afterAll(async () => {
    await door.stop();
    await cloud.close();
  });

  test.each(Object.entries(pageInputs))('%s', async (_input, asked) => {
    const body = JSON.stringify(asked);
    const answer = await door.send(body);
    if (body.length > pageLimit) expect(answer).toContain(`more than ${pageLimit} bytes`);
    const turn = await door.turn();
    expect(answer).toMatch(/^\{/);
    expect(answer.length).toBeLessThan(60_000);
    expect(turn).toBeLessThan(maxTurnMs);
  });
});

describe.each([
  ['HTTP', overHttp],
  ['stdio', overStdio],
])('over %s', (_name, open) => {
  let cloud: Cloud;
  let door: Door;
  beforeAll(async () => {
    cloud = await startCloud();
    door = await open(cloud);
    // What is loaded and compiled with the first calls, is so once.
    for (const [at, input] of [
      read({}),
      read({ x: 1 }),
      change('deployVirtualMachine', { a: 1, password: 'p' }),
      { name: 'find-tools', arguments: { query: 'resize a volume' } },
      { name: 'describe-tools', arguments: { tools: ['listZones'] } },
      { name: 'run-script', arguments: { code: 'return 1' } },
      { name: 'change', arguments: { undo: 'last' } },
      read({}),
    ].entries())
      await door.send(messageOf(1000 + at, input));
    await door.turn();
  });
  afterAll(async () => {
    await door.stop();
    await cloud.close();
  });

  test.each(Object.entries({ ...inputs, ...completions }))('%s', async (_input, input) => {
    cloud.calls.splice(0);
    const answer = await door.send(messageOf(1, input));
    const turn = await door.turn();
    // It was answered, in few words, and what left was in proportion.
    expect(answer).toMatch(/"(result|error)"/);
    expect(answer.length).toBeLessThan(60_000);
    expect(cloud.calls.length).toBeLessThan(120);
    expect(turn).toBeLessThan(maxTurnMs);
  });
});

test('over HTTP, more of the largest at once than there is room for: each client sees its answer', async () => {
  const cloud = await startCloud();
  const door = await overHttp(cloud);
  const body = messageOf(1, read({ x: 'x'.repeat(4 * 2 ** 20 - 1000) }));
  // Any of them may break where a connection closes early: `fetch` throws then.
  const answers = await Promise.all(Array.from({ length: 24 }, () => door.send(body)));
  for (const answer of answers) expect(answer).toMatch(/"(result|error)"/);
  const late = answers.filter((answer) => answer.includes('Too much is arriving at once'));
  expect(late.length).toBeGreaterThan(0);
  await door.stop();
  await cloud.close();
});
