import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { code, toTable } from './markdown.ts';

interface Package {
  engines: { node: string };
  devDependencies: Record<string, string>;
}

const load = (): Package => JSON.parse(readFileSync('package.json', 'utf8')) as Package;

/** Why each package is bundled. One that src imports without a reason fails the check, and so does a reason left over. */
const reasons: Readonly<Record<string, string>> = {
  '@clack/prompts': 'Asks at the terminal in `init`: choices, secrets, what can be gone back to; loaded only there.',
  '@humanwhocodes/momoa': "Reads hosts' JSON with comments and says where everything stands, so that it can be kept.",
  '@hono/node-server': 'Serves a Request → Response function on a port: HTTP, the simulator.',
  '@modelcontextprotocol/client': 'The client of the demo, and of the tests: it is as strict as a host.',
  '@modelcontextprotocol/server': 'The Model Context Protocol in both versions, by the authors of the specification.',
  '@opentelemetry/api': "OpenTelemetry's interface for traces; costs nothing while traces are off.",
  '@opentelemetry/api-logs': 'The names of a log record, for the copy of the audit log that goes to a collector.',
  '@opentelemetry/context-async-hooks': 'Tracks the current span across awaits.',
  '@opentelemetry/core': 'Reads and writes `traceparent` and `tracestate`, as W3C Trace Context has them.',
  '@opentelemetry/exporter-logs-otlp-http': 'Sends the copy of the audit log to a collector by OTLP over HTTP.',
  '@opentelemetry/exporter-trace-otlp-http': 'Sends traces to a collector by OTLP over HTTP.',
  '@opentelemetry/resources': "Names the service in its traces, as OpenTelemetry's own variables say.",
  '@opentelemetry/sdk-logs': 'Queues and batches that copy; loaded only where it is asked for.',
  '@opentelemetry/sdk-trace-base': 'Creates, samples and batches spans; loaded only with a collector.',
  '@jitl/quickjs-wasmfile-release-sync': 'QuickJS as WebAssembly, its smallest build: the engine in which scripts run.',
  commander: 'Reads the command line and writes its help.',
  'csv-stringify': 'Quotes CSV as spreadsheets expect it.',
  esbuild: 'Bundles the thread in which scripts run where the source runs; the package has it bundled.',
  'fastest-levenshtein': 'Finds the nearest name: "did you mean …?".',
  hono: 'The routes of the HTTP door; what @hono/node-server is made for and requires.',
  ioredis: 'The client of the shared store: Valkey or Redis, with reconnection and subscriptions.',
  'ipaddr.js': 'Reads addresses and CIDRs of both families, strictly where CloudStack is strict.',
  jose: 'Checks the signatures and claims of access tokens against the key set of their issuer.',
  'lru-cache': 'The bounded memory of the cache: least recently used out first, with a time to live.',
  pino: 'JSON logs on stderr.',
  preact: 'Draws the web page in the browser: a few kilobytes, and names never become markup.',
  'prom-client': 'Counters, gauges and histograms in the format that Prometheus reads.',
  'smol-toml': "Reads and writes the TOML of a host's configuration.",
  'quickjs-emscripten-core': 'Hands values to that engine and takes them back, within limits of memory and time.',
  'string-width': 'How many columns of a terminal a text takes: names come in every script.',
  undici: 'The HTTP client: a bounded connection pool; the built-in fetch has no setting for its size.',
  'wrap-ansi': 'Breaks questions at the terminal between words.',
  yaml: 'Reads the configuration file; prints answers as YAML.',
  zod: 'Settings, profiles and the arguments of the listed tools: one schema is the type, the check and the documentation.',
};

const sourceFiles = (): string[] =>
  readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));

/** The places of src that import a package. */
const usersOf = (name: string): string[] => {
  const imported = new RegExp(`(?:from |import\\()'${name}(?:/[^']*)?'`);
  const users = sourceFiles().filter((file) => imported.test(readFileSync(join('src', file), 'utf8')));
  return [...new Set(users.map((file) => file.split('/', 1)[0]!))].sort();
};

/** Each bundled package with its reason. Throws for one that has none. */
export const dependencyTable = (): string => {
  const { devDependencies } = load();
  const bundled = Object.keys(devDependencies)
    .map((name) => ({ name, users: usersOf(name) }))
    .filter(({ users }) => users.length > 0);
  const missing = bundled.filter(({ name }) => !(name in reasons));
  const left = Object.keys(reasons).filter((reason) => !bundled.some(({ name }) => name === reason));
  if (missing.length || left.length)
    throw new Error(
      `scripts/docs/package.ts: bundled without a reason: ${missing.map(({ name }) => name).join(', ') || 'none'}; reasons without a use in src: ${left.join(', ') || 'none'}`,
    );
  return toTable(
    ['package', 'versions', 'imported by', 'why'],
    bundled.map(({ name, users }) => [
      code(name),
      code(devDependencies[name]!),
      users.map(code).join(', '),
      reasons[name]!,
    ]),
  );
};

/** What has to be there first. */
export const needs = (): string => `Needs Node ${load().engines.node.replace('>=', '')} or newer, and npm.`;
