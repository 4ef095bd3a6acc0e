/**
 * npm run deploy-check: renders the chart with every set of values, validates what comes out against the schemas of two
 * releases of Kubernetes and of the custom resources, has Compose's own library read compose.yaml, and holds both to what
 * is promised of them. Programs and schemas come as Go modules and are kept in node_modules/.cache. Exits with 1 when
 * something is wrong, with 3 when they cannot be had.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { lint, refusal, render, validate, valueSets, type Rendered } from './chart.ts';
import { composeProblems, readCompose } from './compose.ts';
import { brokenPromises, environmentOf, unknownVariables } from './promises.ts';
import { loads } from './server-reads.ts';
import { findSchemas, releases } from './schemas.ts';
import { UnavailableError } from './tools.ts';

let failures = 0;
const report = (what: string, problems: readonly string[]): void => {
  failures += problems.length ? 1 : 0;
  const lines = problems.map((problem) => `\n         ${problem.replaceAll('\n', '\n         ')}`);
  process.stdout.write(`${problems.length ? 'failed' : 'ok    '} ${what}${lines.join('')}\n`);
};

const attempt = async <T>(what: string, run: () => T | Promise<T>): Promise<T | undefined> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    report(what, [error instanceof Error ? error.message : String(error)]);
    return undefined;
  }
};

const checkChart = async (): Promise<void> => {
  const alerts: unknown = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8'));
  const kinds = new Set<string>();
  let count = 0;
  for (const release of releases) {
    const schemas = findSchemas(release);
    for (const set of valueSets) {
      const what = `chart, ${set.name}, Kubernetes ${release}`;
      const rendered = await attempt<Rendered>(what, () => {
        lint(set, release);
        return render(set, release);
      });
      if (!rendered) continue;
      const valid = validate(rendered.text, schemas);
      const missing =
        valid.problems.length || valid.count === rendered.manifests.length ? [] : ['not all were validated'];
      const unread = await loads(environmentOf(rendered), rendered.manifests);
      report(`${what}: ${valid.count} manifests`, [
        ...valid.problems,
        ...missing,
        ...brokenPromises(rendered, alerts),
        ...unread,
      ]);
      for (const { apiVersion, kind } of rendered.manifests) kinds.add(`${apiVersion} ${kind}`);
      count += valid.count;
    }
  }
  report(
    `${count} manifests of ${kinds.size} kinds: ${[...kinds]
      .map((kind) => kind.split(' ')[1])
      .sort()
      .join(', ')}`,
    [],
  );
};

/** Values that must not be taken, with a word of the refusal. */
const refused: readonly (readonly [string, string, ...string[]])[] = [
  ['several replicas without a store', 'Several replicas', 'valkey.enabled=false'],
  ['a configuration without auth', 'auth and principals', 'config={"readOnly":true}'],
  ['an endpoint without a credential', 'needs a credential', 'cloudstack.url="https://cloud.example.com/client/api"'],
  ['an Ingress without a host', 'ingress.hosts', 'ingress.enabled=true'],
  ['an autoscaler without what it goes by', 'requests.cpu', 'autoscaling.enabled=true', 'resources.requests=null'],
  ['a value that there is not', 'additional', 'replicaCount=2'],
  ['a secret in the configuration file', 'additional', 'config={"profiles":{"a":{"url":"https://a","secretKey":"s"}}}'],
];

/** Validation that cannot fail would show nothing: a wrong manifest must be found. */
const checkValidation = (): void => {
  const schemas = findSchemas(releases[1]);
  const wrong = 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { port: [{ port: http }] }\n';
  const unknown = 'apiVersion: example.com/v1\nkind: Nothing\nmetadata: { name: a }\n';
  for (const [what, text] of [
    ['a wrong key', wrong],
    ['an unknown kind', unknown],
  ] as const)
    report(`validation finds ${what}`, validate(text, schemas).problems.length ? [] : ['it found nothing']);
};

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-deploy-'));
try {
  checkValidation();
  await checkChart();
  for (const [what, word, ...sets] of refused) {
    const words = refusal(sets, releases[1]);
    report(`chart refuses ${what}`, words === undefined ? ['it was taken'] : words.includes(word) ? [] : [words]);
  }
  const project = await attempt('compose.yaml', readCompose);
  if (project) {
    writeFileSync(join(folder, 'compose.json'), JSON.stringify(project));
    const names = unknownVariables(JSON.stringify(project)).map((name) => `the server reads no variable ${name}`);
    report(`compose.yaml: ${Object.keys(project.services).join(', ')}`, [...composeProblems(project), ...names]);
  }
} catch (error) {
  if (!(error instanceof UnavailableError)) throw error;
  process.stdout.write(`not checked: ${error.message}\n`);
  process.exitCode = 3;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failures) {
  process.stdout.write(`${failures} failed\n`);
  process.exitCode = 1;
}
