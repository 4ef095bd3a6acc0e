import { Client } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { env as environment } from 'node:process';
import { createInterface } from 'node:readline';
import { cpuOf } from './host.ts';
import { median } from './process.ts';
import type { Row } from './rows.ts';

/** A server over HTTP, started with Node's arguments; its first line that has a URL says where it is. */
const startHttp = async (args: readonly string[], env: Record<string, string>) => {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: environment['PATH'], ...env },
  });
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        const found = /http:\/\/[\w.:[\]]+\/mcp/.exec(line)?.[0];
        if (found !== undefined) resolve(found);
      });
    child.once('exit', () => reject(new Error(`${args.join(' ')} ended`)));
  });
  return {
    url,
    cpu: () => cpuOf(child.pid!),
    close: async (): Promise<void> => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
};

const [width, count] = [16, 320];

const versions = {
  new: { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  old: {},
} as const;

/** What is measured, of which protocol versions; the token that the callers have. */
interface HttpMeasured {
  nameOf?: (version: string) => string;
  of?: readonly (keyof typeof versions)[];
  token?: string;
}

/** CPU of a list of 20 rows over HTTP, by either protocol version, over another server: the SDK's own handler. */
export const measureHttp = async (
  ours: readonly string[],
  floor: readonly string[],
  env: Record<string, string>,
  bounds: Readonly<Record<string, Row['bound']>>,
  rounds: number,
  { nameOf = (version) => `HTTP, ${version} protocol, list of 20 rows`, of = ['new', 'old'], token }: HttpMeasured = {},
): Promise<Row[]> => {
  const servers = [await startHttp(ours, env), await startHttp(floor, env)] as const;
  const rows: Row[] = [];
  try {
    for (const version of of) {
      const figures: [number[], number[]] = [[], []];
      const clients: Client[] = [];
      for (const { url } of servers) {
        const client = new Client({ name: 'bench', version: '0' }, { capabilities: {}, ...versions[version] });
        const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
        await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
        clients.push(client);
      }
      // The first round is for the compilers only.
      for (let round = 0; round <= rounds; round++)
        for (const [at, client] of clients.entries()) {
          let left: number = count;
          const before = servers[at]!.cpu();
          const worker = async (): Promise<void> => {
            while (left-- > 0) {
              const { isError } = await client.callTool({
                name: 'read',
                arguments: { tool: 'list-virtual-machines', arguments: { pagesize: 20 }, fresh: true },
              });
              if (isError) throw new Error('A call over HTTP failed');
            }
          };
          await Promise.all(Array.from({ length: width }, worker));
          if (round > 0) figures[at]!.push((1000 * (servers[at]!.cpu() - before)) / count);
        }
      await Promise.all(clients.map((client) => client.close()));
      const what = nameOf(version);
      const bound = bounds[what];
      rows.push({
        what,
        value: median(figures[0]),
        reference: median(figures[1]),
        unit: 'µs',
        ...(bound ? { bound } : {}),
      });
    }
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
  return rows;
};
