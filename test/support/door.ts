import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { runCli } from '../../src/cli/program.ts';
import { createCall } from './call-tool.ts';
import type { Asked } from './harness.ts';

export interface DoorOptions {
  env?: Record<string, string>;
  /** The configuration file; JSON is YAML. */
  file?: object;
  flags?: string[];
}

/** The real command line, serving over HTTP on a free port. */
export const startDoor = async ({ env = {}, file, flags = [] }: DoorOptions) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-web-'));
  const audit = join(folder, 'audit.jsonl');
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(file ?? {}));
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const out = { stdout: '', stderr: '' };
  stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()));
  const stop = new AbortController();
  let reload: (() => void) | undefined;
  const ready = new Promise<string>((resolve) => {
    stderr.on('data', (chunk: Buffer) => {
      out.stderr += chunk.toString();
      const origin = /Serving MCP on (\S+)\/mcp/.exec(out.stderr)?.[1];
      if (origin) resolve(origin);
    });
  });
  const exited = runCli(['serve', '--transport', 'http', '--port', '0', '--config', config, ...flags], {
    stdin,
    stdout,
    stderr,
    env: {
      CLOUDSTACK_MCP_AUDIT: audit,
      CLOUDSTACK_MCP_STATE: folder,
      CLOUDSTACK_MCP_RETRY_DELAY: '1',
      CLOUDSTACK_MCP_POLL_INTERVAL: '5',
      ...env,
    },
    signal: stop.signal,
    onReload: (callback) => (reload = callback),
  });
  const origin = await Promise.race([
    ready,
    exited.then((status) => Promise.reject(new Error(`it ended with ${status}: ${out.stderr}`))),
  ]);
  const readAudit = (): AuditEntry[] =>
    existsSync(audit)
      ? readFileSync(audit, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as AuditEntry)
          .filter(({ tool }) => tool)
      : [];
  return {
    origin,
    url: `${origin}/mcp`,
    out,
    stop,
    exited,
    audit: readAudit,
    reload: (changed: object) => {
      writeFileSync(config, JSON.stringify(changed));
      reload?.();
    },
    close: async () => {
      stop.abort();
      const status = await exited;
      rmSync(folder, { recursive: true, force: true });
      return status;
    },
  };
};

export type Door = Awaited<ReturnType<typeof startDoor>>;

export interface ClientOptions {
  name?: string;
  protocol?: 'old' | 'new';
  token?: string;
  human?: (asked: Asked) => unknown;
  onprogress?: (message: string) => void;
}

/** A real MCP client over HTTP. */
export const openClient = async (
  door: Pick<Door, 'url'>,
  { name: clientName = 'web-host', protocol: version = 'old', token, human, onprogress }: ClientOptions = {},
) => {
  const client = new Client(
    { name: clientName, version: '1.0.0' },
    {
      capabilities: human ? { elicitation: { form: {} } } : {},
      ...(version === 'new' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {}),
    },
  );
  if (human) client.setRequestHandler('elicitation/create', ({ params }) => human(params as unknown as Asked) as never);
  const transport = new StreamableHTTPClientTransport(new URL(door.url), {
    requestInit: token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  return {
    client,
    transport,
    call: createCall(client, onprogress),
    close: () => client.close(),
  };
};

export const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

export const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

/** A POST to `/mcp` as no client would make it. */
export const post = (door: Pick<Door, 'url'>, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(door.url, {
    method: 'POST',
    headers: { ...jsonHeaders, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Begins a session of the older era and gives its id. */
export const beginSession = async (door: Pick<Door, 'url'>, headers: Record<string, string> = {}): Promise<string> => {
  const response = await post(door, initialize, headers);
  await response.text();
  return response.headers.get('mcp-session-id') ?? `none: ${response.status}`;
};

const isWhole = (answer: string): boolean => {
  const head = answer.indexOf('\r\n\r\n') + 4;
  const [, length] = /^content-length: (\d+)/im.exec(answer.slice(0, head)) ?? [];
  return head > 3 && length !== undefined && answer.length >= head + Number(length);
};

/**
 * Bytes as they are; gives all that comes back. `end`: waits until the server closes, however long; until there is an answer
 * with its whole body; or so many milliseconds, where it may say nothing.
 */
export const sendRaw = (
  origin: string,
  bytes: string | Buffer,
  end: 'closed' | 'answered' | number = 'closed',
): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(origin);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = typeof end === 'number' ? setTimeout(finish, end) : undefined;
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (end === 'answered' && isWhole(answer)) finish();
    });
    socket.on('close', finish);
    socket.on('error', finish);
  });
