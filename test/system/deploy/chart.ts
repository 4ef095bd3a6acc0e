import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { findTool, run } from './tools.ts';

/** Where the chart is. */
export const chart = 'deploy/helm/cloudstack-mcp-server';

/** What Kubernetes gets. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
  data?: Record<string, string>;
  [key: string]: unknown;
}

/** The chart with one set of values. */
export interface Rendered {
  name: string;
  values: Record<string, unknown>;
  text: string;
  manifests: readonly Manifest[];
}

/** Sets of values by name: none at all, and the files in ci/. */
export const valueSets: readonly { name: string; file?: string }[] = [
  { name: 'defaults' },
  ...readdirSync(join(chart, 'ci')).map((name) => ({ name: basename(name, '.yaml'), file: join(chart, 'ci', name) })),
];

const flagsOf = (file: string | undefined, release: string): string[] => [
  ...['--kube-version', release, '--namespace', 'cloud'],
  ...(file === undefined ? [] : ['--values', file]),
];

/** Renders the chart. Throws with Helm's words when it cannot be. */
export const render = ({ name, file }: { name: string; file?: string }, release: string): Rendered => {
  const text = run(findTool('helm'), ['template', 'mcp', chart, ...flagsOf(file, release)]);
  // As Kubernetes reads it: YAML 1.1, where 0440 is octal.
  const documents = parseAllDocuments(text, { version: '1.1' });
  const manifests = documents.map((document) => document.toJS() as Manifest | null).filter((one) => one !== null);
  const values = file === undefined ? {} : (parse(readFileSync(file, 'utf8')) as Record<string, unknown>);
  return { name, values, text, manifests };
};

/** Helm's own lint, warnings included. Throws with its words. */
export const lint = ({ file }: { file?: string }, release: string): void => {
  run(findTool('helm'), ['lint', '--strict', '--quiet', chart, ...flagsOf(file, release)]);
};

/** Whether the chart refuses a value, given as Helm's --set. */
export const refusal = (sets: readonly string[], release: string): string | undefined => {
  try {
    run(findTool('helm'), [
      'template',
      'mcp',
      chart,
      ...flagsOf(undefined, release),
      ...sets.flatMap((set) => ['--set-json', set]),
    ]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

interface Verdict {
  resources?: { kind: string; name: string; status: string; msg: string }[];
  summary: { valid: number; skipped: number };
}

/** Validates manifests against a folder of schemas. Gives how many are valid, and what is wrong with the others. */
export const validate = (text: string, schemas: string): { count: number; problems: string[] } => {
  const location = join(schemas, '{{ .ResourceKind }}{{ .KindSuffix }}.json');
  const args = ['-strict', '-summary', '-output', 'json', '-schema-location', location];
  const { stdout, stderr } = spawnSync(findTool('kubeconform'), args, { encoding: 'utf8', input: text });
  // A manifest that is wrong is in what it prints; anything else it prints is about itself.
  if (!stdout.startsWith('{')) throw new Error(`kubeconform: ${stdout}${stderr}`);
  const { resources = [], summary } = JSON.parse(stdout) as Verdict;
  const skipped = summary.skipped ? [`${summary.skipped} were skipped`] : [];
  return {
    count: summary.valid,
    problems: [...resources.map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`), ...skipped],
  };
};
