/**
 * npm run observe: a real Prometheus looks at the built server while everything that its metrics tell of happens, and
 * answers every query of the dashboard and every alert. Prints what came of each; exits with 1 when a panel has no data,
 * a rule is wrong or promtool dislikes something, with 3 where Prometheus cannot be had (Debian's package `prometheus`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertsFile, fillIn, readAlerts, readPanels } from '../../../scripts/docs/deploy-files.ts';
import { startHttpServer, startSimulator } from '../../support/process.ts';
import { startServer as startStoreServer } from '../../support/store-server.ts';
import { findProgram, MissingProgram } from '../programs.ts';
import { promtool, startPrometheus } from './prometheus.ts';
import { sections, settings, work } from './workload.ts';

/** Milliseconds of work before anybody looks: queries look back over thirty seconds. */
const warmUp = 25_000;
const variables = { interval: '30s', range: '5m' };

const print = (text: string): void => void process.stdout.write(`${text}\n`);

try {
  for (const program of ['promtool', 'prometheus']) findProgram([program], 'prometheus');
} catch (error) {
  if (!(error instanceof MissingProgram)) throw error;
  print(error.message);
  process.exit(3);
}

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-observe-'));
const stops: (() => Promise<unknown>)[] = [];
const problems: string[] = [];
const check = (what: string, problem: string | undefined): void => {
  print(`${problem === undefined ? 'ok  ' : 'FAIL'} ${what}${problem === undefined ? '' : `\n${problem}`}`);
  if (problem !== undefined) problems.push(what);
};

const startStore = async (): Promise<string | undefined> => {
  try {
    const program = findProgram(['valkey-server', 'redis-server'], 'redis-server');
    const { url, close } = await startStoreServer({ program });
    stops.push(close);
    return url;
  } catch (error) {
    if (error instanceof MissingProgram) return undefined;
    throw error;
  }
};

const startServer = async (cloud: { url: string; apiKey: string; secretKey: string }, store: string | undefined) => {
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(sections));
  const { origin, stop } = await startHttpServer({
    args: ['--port', '0', '--config', config],
    env: {
      CLOUDSTACK_API_URL: cloud.url,
      CLOUDSTACK_API_KEY: cloud.apiKey,
      CLOUDSTACK_SECRET_KEY: cloud.secretKey,
      CLOUDSTACK_MCP_STATE: folder,
      CLOUDSTACK_MCP_LOG: 'json',
      ...(store === undefined ? {} : { CLOUDSTACK_MCP_REDIS_URL: store }),
      ...settings,
    },
  });
  stops.push(stop);
  return origin;
};

const run = async (): Promise<void> => {
  const cloud = await startSimulator('--job-millis', '300');
  stops.push(cloud.stop);
  const store = await startStore();
  const origin = await startServer(cloud, store);
  const prometheus = await startPrometheus(folder, origin);
  stops.push(prometheus.stop);
  const setFaults = (rules: readonly object[]) =>
    fetch(new URL('/simulator/faults', cloud.url), { method: 'PUT', body: JSON.stringify({ rules }) });

  let done = false;
  let rounds = 0;
  const working = (async () => {
    while (!done) await work({ origin, setFaults }, rounds++);
  })();
  await Promise.race([working, sleep(warmUp)]);

  const text = await (await fetch(`${origin}/metrics`)).text();
  check('promtool check metrics', promtool(['metrics'], text));
  check('promtool check rules', promtool(['rules', alertsFile]));
  check('promtool test rules', promtool(['rules', 'test/system/observe/alerts.test.yml'], undefined, 'test'));
  check('promtool check config', promtool(['config', 'deploy/prometheus/prometheus.yml']));

  const panels = readPanels();
  let withData = 0;
  for (const { title, expressions } of panels) {
    const results = await Promise.all(expressions.map((text) => prometheus.evaluate(fillIn(text, variables))));
    const empty = results.flatMap(({ numbers, error }, at) =>
      numbers ? [] : [`     ${error ?? 'no data'}: ${expressions[at]}`],
    );
    if (results.length && !empty.length) withData++;
    const found = results.map((result) => `${result.numbers}/${result.series}`).join(', ');
    check(`panel ${title.padEnd(42)} ${found}`, results.length ? empty.join('\n') || undefined : 'it asks for nothing');
  }
  const rules = await prometheus.rules();
  for (const { title, text: condition } of readAlerts()) {
    const { error } = await prometheus.evaluate(condition);
    const rule = rules.find(({ name }) => name === title);
    const wrong =
      rule?.health === 'ok' ? undefined : `Prometheus says: ${rule?.lastError ?? rule?.health ?? 'unknown'}`;
    check(`alert ${title.padEnd(42)} ${rule?.state ?? ''}`, error ?? wrong);
  }
  done = true;
  await working;
  print('');
  print(`${rounds} rounds of work, with ${store === undefined ? 'a store in memory' : 'a shared store'}`);
  print(`${withData} of ${panels.length} panels have data; ${await prometheus.series()} series in Prometheus`);
};

try {
  await run();
} catch (error) {
  check('the run', error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
}
print(problems.length ? `observe: ${problems.length} problems` : 'observe: all is well');
process.exitCode = problems.length ? 1 : 0;
