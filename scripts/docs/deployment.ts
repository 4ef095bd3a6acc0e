import { existsSync, readFileSync } from 'node:fs';
import { isMap, isPair, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { code, toTable } from './markdown.ts';

const valuesFile = 'deploy/helm/cloudstack-mcp-server/values.yaml';
const figuresFile = 'docs/figures/load.json';

/** The last paragraph; what stands above it is about the file. */
const toText = (comment: string | null | undefined): string =>
  (comment ?? '')
    .split(/\n\s*\n/)
    .at(-1)!
    .replace(/\s*\n\s*/g, ' ')
    .trim();

/** A pair's comment; the one above the first pair of a map belongs to the map, as it was read. */
const commentOf = (map: YAMLMap, pair: Pair): string =>
  toText(
    (isScalar(pair.key) ? pair.key.commentBefore : undefined) ??
      (map.items[0] === pair ? map.commentBefore : undefined),
  );

const rowsOf = (map: YAMLMap, path: readonly string[], inherited: string): string[][] =>
  map.items.filter(isPair).flatMap((pair) => {
    const name = [...path, String(pair.key)];
    const comment = commentOf(map, pair);
    const { value } = pair;
    if (isMap(value) && value.items.length && !value.flow && name.at(-1) !== 'ingressAnnotations')
      return rowsOf(value, name, comment);
    const shown = JSON.stringify((value as { toJSON(): unknown }).toJSON());
    return [[code(name.join('.')), code(shown), comment || inherited]];
  });

/** Every value of the chart, with its default and the comment above it. */
export const chartValues = (): string => {
  const document = parseDocument(readFileSync(valuesFile, 'utf8'));
  return toTable(['value', 'default', 'meaning'], rowsOf(document.contents as YAMLMap, [], ''));
};

/** What a run of the load test measured, as far as this page shows it. */
interface Run {
  users: number;
  /** Seconds between two calls of a user; null: none. */
  think: [number, number] | null;
  rate: number;
  p50: number;
  p99: number;
  cpu: { server: number };
  /** MiB */
  memory: number;
}

interface Figures {
  machine: { cores: number; processor?: string; node: string };
  users?: Run[];
}

/** Share of a core; the rest is for peaks. */
const busy = 0.6;

const load = (): Figures | undefined =>
  existsSync(figuresFile) ? (JSON.parse(readFileSync(figuresFile, 'utf8')) as Figures) : undefined;

const nothingYet = 'No figures yet: `npm run load -- --write` measures them.';

/** What one process handled in the load test. */
export const loadTable = (): string => {
  const { machine, users } = load() ?? {};
  if (!machine || !users) return nothingYet;
  const rows = users.map(({ users: count, think, rate, p50, p99, cpu, memory }) => [
    String(count),
    think ? `${think[0]}–${think[1]} s` : 'none',
    rate.toFixed(0),
    `${p50} ms`,
    `${p99} ms`,
    cpu.server.toFixed(2),
    `${memory} MiB`,
  ]);
  return [
    toTable(['users', 'time between calls', 'calls/s', 'median', '99th percentile', 'cores', 'memory'], rows),
    `One process on Node ${machine.node.replace(/^v/, '')}. The machine has ${machine.cores} cores (${machine.processor ?? 'unknown'}), which the process shared with the simulator and the users.`,
  ].join('\n\n');
};

/** How many processes a number of users needs, by the run in which users pause between calls. */
export const sizing = (): string => {
  const calm = load()?.users?.find(({ think }) => think);
  if (!calm) return nothingYet;
  const each = calm.cpu.server / calm.users;
  const rows = [1, 10, 100, 1000].map((users) => {
    const cores = users * each;
    const processes = Math.max(1, Math.ceil(cores / busy));
    return [String(users), cores.toFixed(2), String(processes), users > 10 ? String(Math.max(2, processes + 1)) : '1'];
  });
  const [least, most] = calm.think!;
  return [
    toTable(['active users', 'cores', 'processes for the load', 'replicas, if one may fail'], rows),
    `Users call every ${least}–${most} s, as in the load test. A process counts as full at ${busy * 100} % of a core.`,
  ].join('\n\n');
};
