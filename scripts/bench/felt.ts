import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToken, hashToken } from '../../src/web/tokens.ts';
import { call, cpuOfCalls, read, settle, startCloud } from './calls.ts';
import { connect, startHost, type Host } from './host.ts';
import { measureHttp } from './http.ts';
import { median } from './process.ts';
import { readBudget, type Row } from './rows.ts';

/** The servers that are asked in turns: ours, and floors that do less and less for the same answers. */
export interface Servers {
  ours: readonly string[];
  /** The SDK with a tool that answers at once. */
  empty: readonly string[];
  /** The SDK, and one request whose text is handed on. */
  floor: readonly string[];
  /** The same without the SDK. */
  bare: readonly string[];
}

/** And the SDK's own handler over HTTP. */
type AllServers = Servers & { http: readonly string[] };

type Name = keyof Servers;
type Figures = Partial<Record<Name, number[]>>;

/** How often each server has its turn. */
export interface Rounds {
  start: number;
  calls: number;
}

/**
 * What users feel, in rounds in which every server has its turn: CPU beside wall, since other programs run on the machine.
 * Each row beside the floor of the same rounds; bounds are those of budget.json. `isHttpOnly`: nothing but the rows over HTTP.
 */
export const measureFelt = async (
  { http, ...servers }: AllServers,
  rounds: Rounds = { start: 7, calls: 3 },
  isHttpOnly = false,
): Promise<Row[]> => {
  const budget = readBudget();
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-bench-'));
  const cloud = await startCloud();
  const names = Object.keys(servers) as Name[];
  const figures = new Map<string, Figures>();
  const note = (what: string, name: Name, value: number): void => {
    const of = figures.get(what) ?? {};
    (of[name] ??= []).push(value);
    figures.set(what, of);
  };
  let started = 0;
  const newEnv = (): Record<string, string> => ({
    CLOUDSTACK_API_URL: cloud.url,
    CLOUDSTACK_API_KEY: 'key',
    CLOUDSTACK_SECRET_KEY: 'secret',
    CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'),
    // What discovery saves makes the next start cheaper: each is a first one.
    CLOUDSTACK_MCP_STATE: join(folder, String(++started)),
  });
  const start = (name: Name, ...flags: string[]): Host => startHost([...servers[name], ...flags], newEnv());
  const measureStart = async (name: Name): Promise<void> => {
    const host = start(name);
    await connect(host);
    note('wall', name, host.age());
    note('CPU', name, host.cpu());
    note('memory', name, host.memory());
    if (name !== 'empty') {
      await call(host, read('list-virtual-machines', { pagesize: 20 }));
      note('first wall', name, host.age());
      note('first CPU', name, host.cpu());
      note('first memory', name, host.memory());
    }
    if (name === 'ours') {
      await settle(host);
      const zones = read('list-zones', {}, true);
      note('another', name, await cpuOfCalls(host, 1, 1, zones));
      note('repeated', name, await cpuOfCalls(host, 1, 1, zones));
    }
    await host.close();
  };
  const kinds = [
    ['1', 800, 16, read('list-virtual-machines', { pagesize: 1 }, true)],
    ['20', 320, 16, read('list-virtual-machines', { pagesize: 20 }, true)],
    ['cached', 800, 16, read('list-virtual-machines', { pagesize: 20 })],
    ['500', 24, 1, read('list-virtual-machines', { pagesize: 500 }, true)],
  ] as const;
  const measureCalls = async (): Promise<void> => {
    const hosts = names.filter((name) => name !== 'empty').map((name) => [name, start(name)] as const);
    for (const [, host] of hosts) {
      await connect(host);
      for (const [, count, width, params] of kinds) await cpuOfCalls(host, count, width, params);
    }
    for (let round = 0; round < rounds.calls; round++)
      for (const [kind, count, width, params] of kinds)
        for (const [name, host] of hosts) note(kind, name, 1000 * (await cpuOfCalls(host, count, width, params)));
    // The first opens the index.
    await cpuOfCalls(hosts[0]![1], 20, 1, { name: 'find-tools', arguments: { query: 'restart a machine' } });
    for (let round = 0; round < rounds.calls; round++) {
      const find = { name: 'find-tools', arguments: { query: `restart a machine ${round}` } };
      const [[, ours]] = hosts as [(typeof hosts)[number]];
      note('find', 'ours', 1000 * (await cpuOfCalls(ours, 60, 1, find)));
    }
    for (const [name, host] of hosts) {
      note('memory after', name, host.memory());
      await host.close();
    }
  };
  /** The list of every command, asked again and again. */
  const measureList = async (): Promise<void> => {
    const host = start('ours', 'serve', '--tools', 'all');
    await connect(host);
    await host.request('tools/list');
    for (let round = 0; round < rounds.calls; round++) {
      const before = host.cpu();
      for (let at = 0; at < 20; at++) await host.request('tools/list');
      note('list all', 'ours', (host.cpu() - before) / 20);
    }
    await host.close();
  };
  const others: Row[] = [];
  try {
    if (!isHttpOnly) await measureList();
    const serve = [...servers.ours, 'serve', '--transport', 'http', '--port', '0'];
    // A bench asks more in a minute than one principal may.
    const env = { ...newEnv(), CLOUDSTACK_MCP_RATE_LIMIT: '1000000' };
    others.push(...(await measureHttp(serve, http, env, budget, rounds.calls)));
    const token = createToken();
    const config = join(folder, 'page.json');
    const auth = { tokens: { bench: hashToken(token) } };
    writeFileSync(config, JSON.stringify({ auth, principals: { bench: { role: 'admin' } } }));
    const withPage = [...serve, '--config', config];
    const page = { token, of: ['new'], nameOf: () => 'HTTP, with the page over without it' } as const;
    others.push(...(await measureHttp(withPage, [...withPage, '--page', 'false'], env, budget, rounds.calls, page)));
    if (isHttpOnly) return others;
    for (let round = 0; round < rounds.start; round++) for (const name of names) await measureStart(name);
    await measureCalls();
  } finally {
    cloud.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const of = (kind: string, name: Name): number | undefined => {
    const values = figures.get(kind)?.[name];
    return values && median(values);
  };
  const row = (what: string, unit: string, kind: string, reference?: number): Row => {
    const bound = budget[what];
    return {
      what,
      value: of(kind, 'ours')!,
      unit,
      ...(reference === undefined ? {} : { reference }),
      ...(bound ? { bound } : {}),
    };
  };
  return [
    row('start to tools/list, wall', 'ms', 'wall', of('wall', 'empty')),
    row('start to tools/list, CPU', 'ms', 'CPU', of('CPU', 'empty')),
    row('start to tools/list, memory', 'MiB', 'memory', of('memory', 'empty')),
    row('start to tools/list, CPU, over bare Node', 'ms', 'CPU', of('CPU', 'bare')),
    row('start to first answer, wall, over handing on', 'ms', 'first wall', of('first wall', 'floor')),
    row('start to first answer, CPU', 'ms', 'first CPU', of('CPU', 'empty')),
    row('start to first answer, CPU, over handing on', 'ms', 'first CPU', of('first CPU', 'floor')),
    row('memory after the first answer', 'MiB', 'first memory', of('first memory', 'floor')),
    row('first use of another command', 'ms', 'another', of('repeated', 'ours')),
    row('list of 1 row, 16 at once', 'µs', '1', of('1', 'floor')),
    row('list of 1 row, 16 at once, over bare Node', 'µs', '1', of('1', 'bare')),
    row('list of 20 rows, 16 at once', 'µs', '20', of('20', 'floor')),
    row('cached list of 20 rows, 16 at once', 'µs', 'cached', of('20', 'floor')),
    row('list of 500 rows', 'µs', '500', of('500', 'floor')),
    row('find-tools, over a list of 20 handed on', 'µs', 'find', of('20', 'floor')),
    row('memory after the calls', 'MiB', 'memory after', of('memory after', 'floor')),
    row('tools/list of --tools all', 'ms', 'list all'),
    ...others,
  ];
};
