import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPort } from '../../support/ports.ts';
import { lastOf, readExec, type Stage } from './dockerfile.ts';
import { owner, runInside, startInside, type Inside } from './namespace.ts';
import type { Built } from './stages.ts';

/** Where to put what is needed, and how to say what was found. */
export interface TryOptions {
  into: string;
  print: (line: string) => void;
  fail: (line: string) => void;
}

const readZones = async (url: string, token: string): Promise<number> => {
  const client = new Client({ name: 'container-check', version: '1.0.0' });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const { structuredContent } = await client.callTool({ name: 'read', arguments: { tool: 'list-zones' } });
  await client.close();
  return (structuredContent as { returned?: number } | undefined)?.returned ?? 0;
};

/** The sample configuration with a token of its own, and the folder that the server may write to. */
const prepare = (into: string) => {
  const [config, state] = [join(into, 'config.yaml'), join(into, 'state')];
  const token = randomBytes(24).toString('base64url');
  const sample = readFileSync('deploy/config.example.yaml', 'utf8');
  writeFileSync(config, sample.replace(/0{64}/, createHash('sha256').update(token).digest('hex')), { mode: 0o644 });
  mkdirSync(state, { mode: 0o700 });
  for (const path of process.getuid?.() === 0 ? [into, config, state] : []) chownSync(path, owner, owner);
  return { config, state, token };
};

/** Starts the last stage as its ENTRYPOINT and CMD say, asks it, and stops it. */
export const tryOut = async (stage: Stage, built: Built, { into, print: report, fail }: TryOptions): Promise<void> => {
  const { config, state, token } = prepare(into);
  const port = await findPort();
  const check = (holds: boolean, right: string, wrong: string): void => (holds ? report(right) : fail(wrong));
  // The configuration has its place in the state folder: nothing else of the image is made for it.
  writeFileSync(join(state, 'config.yaml'), readFileSync(config));
  const place = built.env['CLOUDSTACK_MCP_STATE']!;
  const world: Inside = {
    ...built,
    env: {
      ...built.env,
      CLOUDSTACK_MCP_HOST: '127.0.0.1',
      CLOUDSTACK_MCP_PORT: String(port),
      CLOUDSTACK_MCP_SIMULATOR: 'true',
      CLOUDSTACK_MCP_CONFIG: `${place}/config.yaml`,
    },
    command: [...readExec(lastOf(stage, 'ENTRYPOINT')!), ...readExec(lastOf(stage, 'CMD')!)],
    volumes: { [place]: state },
  };
  check(built.user > 0, `it runs as user ${built.user}`, 'it would run as root');
  const write = runInside({ ...world, command: ['/bin/sh', '-c', 'echo > /app/new'] });
  check(/read-only/i.test(write.output), 'its own files cannot be changed', `/app can be written to: ${write.output}`);

  const health = readExec(lastOf(stage, 'HEALTHCHECK')!.replace(/^.*?CMD /, ''));
  const isHealthy = (): boolean => runInside({ ...world, command: health }).status === 0;
  check(!isHealthy(), 'HEALTHCHECK fails while nothing runs', 'HEALTHCHECK is content with nothing');

  const server = startInside(world);
  let printed = '';
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = once(server, 'exit') as Promise<[number | null, string | null]>;
  try {
    const until = Date.now() + 15_000;
    while (server.exitCode === null && Date.now() < until && !isHealthy()) await sleep(100);
    check(isHealthy(), 'HEALTHCHECK is content with the running server', `it is not healthy:\n${printed}`);

    const url = `http://127.0.0.1:${port}/mcp`;
    const { status } = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    check(status === 401, 'without a token: 401', `without a token: ${status}`);
    const zones = await readZones(url, token);
    check(zones > 0, `with a token a client reads ${zones} zones of the simulator`, 'a client reads no zones');
    const audited = readdirSync(state, { recursive: true, encoding: 'utf8' }).some(
      (name) => basename(name).startsWith('audit') && readFileSync(join(state, name), 'utf8').includes('list-zones'),
    );
    check(audited, 'the audit log has the call', 'the audit log does not have the call');
  } finally {
    const begun = Date.now();
    server.kill((lastOf(stage, 'STOPSIGNAL') ?? 'SIGTERM') as NodeJS.Signals);
    const kill = setTimeout(() => server.kill('SIGKILL'), 30_000);
    const [code, signal] = await ended;
    clearTimeout(kill);
    const took = `${((Date.now() - begun) / 1000).toFixed(1)} s`;
    check(
      code === 0,
      `asked to stop, it ends with 0 after ${took}`,
      `asked to stop, it ends with ${code ?? signal} after ${took}:\n${printed}`,
    );
  }
};
