/**
 * npm run bench: start, first answer, memory, calls, tokens and latency, each beside its reference in the same run. Prints a
 * table and, with --json FILE, writes the figures, with --write for docs/speed.md; --felt measures only what users feel, --quick that in few rounds, for a
 * machine of which nothing is known: it judges ratios only, and measures again, up to twice, what missed its bound; --only http, growth or simulated measures those rows alone. Exits with
 * 1 when a bound is missed (not with --report). --beside FOLDER: this build and that of another folder (or its main.js) in turns
 * instead, the server's starts and calls and the simulator; with --only calls the first alone. The other state is built with its own
 * tools: git worktree add FOLDER REF, then npm ci there.
 */
import { buildSync, type BuildOptions } from 'esbuild';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Pool } from 'undici';
import { compactTools } from '../src/mcp/compact.ts';
import { listDirectTools } from '../src/mcp/direct.ts';
import { loadCatalog } from '../src/catalog/catalog.ts';
import { loadToolsets } from '../src/catalog/tool.ts';
import { createKeyCredential } from '../src/cloudstack/credential.ts';
import { median, startServer, time } from './bench/process.ts';
import { measureAnswers } from './bench/answers.ts';
import { measureBeside, programAt } from './bench/beside.ts';
import { measureCached } from './bench/cache.ts';
import { measureFelt } from './bench/felt.ts';
import { measureGrowth } from './bench/growth.ts';
import { guardPerCall } from './bench/guard.ts';
import { judge, readBudget, show, type Row } from './bench/rows.ts';
import { measureSimulated } from './bench/simulated.ts';
import { startSimulatorProcess } from './bench/simulator.ts';

const rows: Row[] = [];
const budget = readBudget();

// The empty server as its documentation has it, with the SDK in node_modules; the floors bundled, as ours is.
const emptyFile = 'dist/bench-empty.js';
const bundled = ['empty', 'floor', 'bare', 'http', 'list'];
const [emptyBundle, floorBundle, bareBundle, httpBundle, listBundle] = bundled.map(
  (name) => `dist/bench-${name}-bundle.js`,
) as [string, string, string, string, string];
const common: BuildOptions = { platform: 'node', format: 'esm', target: 'node20' };
buildSync({ ...common, entryPoints: ['scripts/bench/empty-server.ts'], outfile: emptyFile });
for (const name of bundled)
  buildSync({
    ...common,
    entryPoints: [`scripts/bench/${name}-server.ts`],
    outfile: `dist/bench-${name}-bundle.js`,
    bundle: true,
    minify: true,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });

const simulator = await startSimulatorProcess();
const { env } = simulator;
const ours = ['dist/main.js', 'serve'];

const measureTokens = (): void => {
  const tokens = (tools: readonly unknown[]): number => encode(JSON.stringify(tools)).length;
  const known = [loadCatalog()];
  rows.push({
    what: 'compact list',
    value: tokens(compactTools),
    unit: 'tokens',
    bound: budget['compact list, tokens']!,
  });
  rows.push({ what: 'compact list', value: compactTools.length, unit: 'tools', bound: budget['compact list, tools']! });
  for (const { name } of loadToolsets().slice(0, 3))
    rows.push({ what: `--tools ${name}`, value: tokens(listDirectTools(name, false, known)), unit: 'tokens' });
  const all = listDirectTools('all', false, known);
  rows.push(
    { what: '--tools all', value: tokens(all), unit: 'tokens' },
    { what: '--tools all', value: all.length, unit: 'tools' },
  );
};

const measureLatency = async (): Promise<void> => {
  const empty = await startServer([emptyFile]);
  // What a call adds to a request that is sent: nothing may be kept.
  const server = await startServer(ours, { ...env, CLOUDSTACK_MCP_CACHE: 'false' });
  const endpoint = new URL(simulator.url);
  const pool = new Pool(endpoint.origin, { connections: 50 });
  const credential = createKeyCredential(simulator);
  const direct = async (): Promise<void> => {
    const { query } = await credential.prove({ command: 'listZones', response: 'json' }, AbortSignal.timeout(5000));
    const { statusCode, body } = await pool.request({ method: 'GET', path: `${endpoint.pathname}?${query}` });
    const answer = (await body.json()) as { listzonesresponse: { count: number } };
    if (statusCode !== 200 || !answer.listzonesresponse.count) throw new Error('the direct request failed');
  };
  const throughMcp = async (): Promise<void> => {
    const { isError } = await server.client.callTool({ name: 'read', arguments: { tool: 'list-zones' } });
    if (isError) throw new Error('the call through MCP failed');
  };
  const ping = () => empty.client.callTool({ name: 'ping', arguments: {} });
  for (const [width, count] of [
    [1, 2000],
    [16, 4000],
  ] as const) {
    const taken: Record<'direct' | 'mcp' | 'empty', number[]> = { direct: [], mcp: [], empty: [] };
    // Compilers in three processes have to have seen the path before it is timed.
    await time(1500, width, throughMcp);
    await time(1500, width, direct);
    await time(1500, width, ping);
    // In turns, so that a machine that slows down slows all of them.
    for (let turn = 0; turn < 10; turn++) {
      taken.direct.push(...(await time(count / 10, width, direct)));
      taken.mcp.push(...(await time(count / 10, width, throughMcp)));
      taken.empty.push(...(await time(count / 10, width, ping)));
    }
    const bound = { of: 'difference' as const, maximum: 0.6 };
    rows.push(
      {
        what: `list call, ${width} at once, over direct`,
        value: median(taken.mcp),
        reference: median(taken.direct),
        unit: 'ms',
        ...(width === 1 ? { bound } : {}),
      },
      { what: `empty server's call, ${width} at once`, value: median(taken.empty), unit: 'ms' },
    );
  }
  rows.push({ what: 'memory after the calls', value: server.memory(), reference: empty.memory(), unit: 'MiB' });
  await pool.close();
  await server.close();
  await empty.close();
};

/** What permission and approval add to a plain read, in this process. */
const measureGuard = async (): Promise<void> => {
  rows.push({
    what: 'guard on a read',
    value: 1000 * (await guardPerCall()),
    unit: 'µs CPU',
    bound: { of: 'value', maximum: 10 },
  });
};

/** What is kept of a list, against the simulator's answer. */
const measureCache = async (): Promise<void> => {
  for (const [command, params] of [
    ['listZones', {}],
    ['listVirtualMachines', { listall: true, page: 1, pagesize: 100 }],
  ] as const) {
    const { saved: cached, asked } = await measureCached(env, command, params);
    rows.push(
      { what: `${command}, kept, beside asked`, value: 1000 * cached, reference: 1000 * asked, unit: 'µs' },
      { what: `${command}, kept: times as fast`, value: asked / cached, unit: '', bound: { of: 'value', least: 10 } },
    );
  }
};

const measureTheRest = async (): Promise<void> => {
  measureTokens();
  rows.push(...(await measureAnswers(env)));
  await measureGuard();
  await measureLatency();
  await measureCache();
  rows.push(...(await measureGrowth()));
};

const isQuick = process.argv.includes('--quick');
const besideAt = process.argv.indexOf('--beside');
const other = besideAt > 0 ? programAt(process.argv[besideAt + 1] ?? '') : undefined;
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;

const isMissed = (row: Row): boolean => (!isQuick || row.bound?.of === 'ratio') && judge(row) === false;

/** Rows of a quick bench, those that missed their bound from a further run where they keep it there: a neighbour's burst is no regression. */
const measured = async (measure: () => Promise<Row[]>): Promise<Row[]> => {
  let found = await measure();
  for (let again = 0; isQuick && again < 2 && found.some(isMissed); again++) {
    const names = found.filter(isMissed).map(({ what }) => what);
    process.stdout.write(`measured again, over their bounds: ${names.join('; ')}\n`);
    const further = new Map((await measure()).map((row) => [row.what, row]));
    found = found.map((row) => (isMissed(row) ? further.get(row.what)! : row));
  }
  return found;
};

try {
  const servers = {
    ours: ['dist/main.js'],
    empty: [emptyBundle],
    floor: [floorBundle],
    bare: [bareBundle],
    http: [httpBundle],
  };
  const rounds = isQuick ? { start: 3, calls: 2 } : undefined;
  if (other && (only === undefined || only === 'calls')) {
    const lines = await measureBeside('dist/main.js', other);
    process.stdout.write(`what, ours, theirs, ratio of medians (all rounds)\n${lines.join('\n')}\n`);
  }
  if (only === 'growth') rows.push(...(await measureGrowth()));
  else if (!other && (only === undefined || only === 'http'))
    rows.push(...(await measured(() => measureFelt(servers, rounds, only === 'http'))));
  if (only === undefined || only === 'simulated')
    rows.push(...(await measured(() => measureSimulated(listBundle, other, isQuick ? 3 : 7))));
  if (!other && !isQuick && only === undefined && !process.argv.includes('--felt')) await measureTheRest();
} finally {
  await simulator.close();
  for (const file of [emptyFile, emptyBundle, floorBundle, bareBundle, httpBundle, listBundle])
    rmSync(file, { force: true });
}
if (rows.length)
  process.stdout.write(
    `${['what'.padEnd(44), 'ours'.padStart(9), '      ', 'empty/direct'].join('  ')}\n${rows.map(show).join('\n')}\n`,
  );
const at = process.argv.indexOf('--json');
if (at > 0) writeFileSync(process.argv[at + 1]!, `${JSON.stringify(rows, null, 2)}\n`);
if (process.argv.includes('--write')) {
  const figures = { machine: { cores: availableParallelism(), node: process.version }, rows };
  writeFileSync('docs/figures/bench.json', `${JSON.stringify(figures, null, 2)}\n`);
}
if (!process.argv.includes('--report') && rows.some(isMissed)) process.exitCode = 1;
