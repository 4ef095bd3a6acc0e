import {
  Client,
  deserializeMessage,
  serializeMessage,
  type JSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/client';
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/index.ts';
import { serveSimulator } from '../../src/simulator/server.ts';
import { createCall } from './call-tool.ts';
import { eventually } from './eventually.ts';
import { giveBackWorld, takeWorld } from './seeded-worlds.ts';

/** A request as it arrived, whoever sent it. */
export interface Arrival {
  command: string;
  method: string;
  params: Record<string, string>;
}

/** A simulator on a port, with everything it was sent. */
export interface Cloud {
  readonly simulator: Simulator;
  /** Begins a new world behind the same address; the keys stay the same. */
  renew(): void;
  url: string;
  calls: Arrival[];
  env: Record<string, string>;
  close(): Promise<void>;
}

/**
 * What a server lists beside calls, whenever that comes: what has the protecting tag. It is counted, with what confirmations ask,
 * in test/sweep/requests.test.ts.
 */
const isBesideCalls = ({ command, key, pagesize }: Record<string, string>): boolean =>
  command === 'listTags' && key === 'protected' && pagesize === '500';

/** Starts a simulator whose jobs are done at the first look. */
export const startCloud = async (given: SimulatorOptions = {}): Promise<Cloud> => {
  const options = { jobMillis: 0, ...given };
  const calls: Arrival[] = [];
  let current = takeWorld(options);
  // Faults are no part of the world's version: a world that was given some stays this test's.
  let hasFaults = false;
  const giveBack = (): void => {
    if (!hasFaults) giveBackWorld(options, current);
    hasFaults = false;
  };
  const record = async (request: Request): Promise<Response> => {
    hasFaults ||= new URL(request.url).pathname === '/simulator/faults';
    const body = request.method === 'POST' ? await request.text() : undefined;
    const params = Object.fromEntries(new URLSearchParams(body ?? request.url.split('?')[1]));
    if (!isBesideCalls(params)) calls.push({ command: params['command'] ?? '', method: request.method, params });
    const { url, method, headers } = request;
    return current.simulator.fetch(body === undefined ? request : new Request(url, { method, headers, body }));
  };
  const server = await serveSimulator({ ...current.simulator, fetch: record }, { port: 0 });
  const { apiKey, secretKey } = current.simulator.credentials;
  return {
    get simulator() {
      return current.simulator;
    },
    renew: () => {
      giveBack();
      current = takeWorld(options);
    },
    url: server.url,
    calls,
    env: { CLOUDSTACK_API_URL: server.url, CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey },
    close: async () => {
      await server.close();
      giveBack();
    },
  };
};

/** A web server that answers as the test says, and counts what arrives by command. */
export const startFake = async (
  answer: (command: string, response: ServerResponse, request: IncomingMessage, params: URLSearchParams) => void,
) => {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const params = new URLSearchParams(request.method === 'POST' ? body : (request.url ?? '').split('?')[1]);
      const command = params.get('command') ?? '';
      counts.set(command, (counts.get(command) ?? 0) + 1);
      answer(command, response, request, params);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/api`;
  return {
    url,
    counts,
    env: { CLOUDSTACK_API_URL: url, CLOUDSTACK_API_KEY: 'key', CLOUDSTACK_SECRET_KEY: 'secret' },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A client transport over the streams of a server in this process. */
export const streamTransport = (input: PassThrough, output: PassThrough): Transport => {
  const transport: Transport = {
    start: () => {
      createInterface({ input: output }).on('line', (line) => transport.onmessage?.(deserializeMessage(line)));
      return Promise.resolve();
    },
    send: (message: JSONRPCMessage) => {
      input.write(serializeMessage(message));
      return Promise.resolve();
    },
    close: () => {
      input.end();
      transport.onclose?.();
      return Promise.resolve();
    },
  };
  return transport;
};

export interface Asked {
  message: string;
  requestedSchema: { properties: Record<string, unknown> };
}

export interface HostOptions {
  env?: Record<string, string>;
  flags?: string[];
  protocol?: 'old' | 'new';
  /** How the human answers; without it the host cannot ask. */
  human?: (
    asked: Asked,
  ) => { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, unknown> } | Promise<never>;
  onprogress?: (message: string) => void;
  /** Extensions of the protocol that the host declares. */
  extensions?: Record<string, Record<string, string[]>>;
}

/** A person who says yes to every question, and types the phrase where one is asked for. */
export const acceptAll = ({ message, requestedSchema }: Asked) => ({
  action: 'accept' as const,
  content: 'phrase' in requestedSchema.properties ? { phrase: /"([^"]*)"/.exec(message)?.[1] } : { confirm: true },
});

/** The profile of a cloud's administrator, as a configuration has it. */
export const profileOf = ({ env }: Pick<Cloud, 'env'>) => ({
  url: env['CLOUDSTACK_API_URL'],
  apiKey: env['CLOUDSTACK_API_KEY'],
  secretKey: env['CLOUDSTACK_SECRET_KEY'],
});

/** A whole MCP host: the real command line with a real client on its standard streams. */
export const openHost = async ({
  env = {},
  flags = [],
  protocol: version = 'old',
  human,
  onprogress,
  extensions,
}: HostOptions) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-'));
  const audit = join(folder, 'audit.jsonl');
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let errors = '';
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const stop = new AbortController();
  const exited = runCli(['serve', ...flags], {
    stdin,
    stdout,
    stderr,
    env: {
      CLOUDSTACK_MCP_AUDIT: audit,
      CLOUDSTACK_MCP_STATE: join(folder, 'state'),
      CLOUDSTACK_MCP_RETRY_DELAY: '1',
      CLOUDSTACK_MCP_POLL_INTERVAL: '5',
      ...env,
    },
    signal: stop.signal,
  });
  const client = new Client(
    { name: 'test-host', version: '1.0.0' },
    {
      capabilities: { ...(human ? { elicitation: { form: {} } } : {}), ...(extensions ? { extensions } : {}) },
      ...(version === 'new' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {}),
    },
  );
  const readAudit = (): AuditEntry[] =>
    existsSync(audit)
      ? readFileSync(audit, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as AuditEntry)
      : [];
  const asked: Asked[] = [];
  if (human)
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params as unknown as Asked);
      return human(params as unknown as Asked) as never;
    });
  await client.connect(streamTransport(stdin, stdout));
  return {
    client,
    asked,
    folder,
    exited,
    stop,
    stderr: () => errors,
    audit: readAudit,
    call: createCall(client, onprogress),
    close: async () => {
      await client.close();
      const status = await exited;
      const entries = readAudit();
      rmSync(folder, { recursive: true, force: true });
      return { status, audit: entries };
    },
  };
};

export type Host = Awaited<ReturnType<typeof openHost>>;

interface RunOptions {
  env?: Record<string, string>;
  /** A person is there: at all three streams, or only types, while what is printed goes elsewhere. */
  terminal?: boolean | 'input';
  columns?: number;
}

/** The command line while it still runs, for commands that go on until they are stopped. */
export const startCommand = (argv: string[], { env = {}, terminal, columns }: RunOptions = {}) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const out = { stdout: '', stderr: '' };
  const state = mkdtempSync(join(tmpdir(), 'cloudstack-state-'));
  stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()));
  stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()));
  const stop = new AbortController();
  const ended = runCli(argv, {
    stdin: Object.assign(stdin, terminal ? { isTTY: true } : {}),
    stdout: Object.assign(stdout, terminal === true ? { isTTY: true, columns: columns ?? 100 } : {}),
    stderr: Object.assign(stderr, terminal === true ? { isTTY: true } : {}),
    env: {
      CLOUDSTACK_MCP_AUDIT: '/dev/null',
      CLOUDSTACK_MCP_STATE: state,
      CLOUDSTACK_MCP_RETRY_DELAY: '1',
      CLOUDSTACK_MCP_POLL_INTERVAL: '5',
      ...env,
    },
    signal: stop.signal,
  }).finally(() => rmSync(state, { recursive: true }));
  return { stdin, out, stop, ended };
};

/** The command line, run to its end. `answers`: what a person types at the terminal; without it there is no terminal. */
export const runCommand = async (
  argv: string[],
  { env = {}, answers, input }: { env?: Record<string, string>; answers?: string[]; input?: string | Buffer } = {},
) => {
  const { stdin, out, stop, ended } = startCommand(argv, { env, ...(answers ? { terminal: 'input' } : {}) });
  if (answers) for (const answer of answers) stdin.write(`${answer}\n`);
  else stdin.end(input);
  return { status: await ended, ...out, stop };
};

/** Runs the command line at a terminal at which a person says yes to each of so many questions. */
export const runAnswering = async (argv: string[], env: Record<string, string>, questions: number) => {
  const { stdin, out, stop, ended } = startCommand(argv, { env, terminal: true });
  for (let asked = 1; asked <= questions; asked++) {
    await eventually(() => expect(out.stderr.split('[yes/no]').length - 1).toBe(asked));
    stdin.write('yes\n');
  }
  return { status: await ended, ...out, stop };
};
