/**
 * npm run cluster-test: three replicas of the production build with a real Valkey or Redis server behind a real proxy, all
 * on loopback. They are stopped and killed under load, and so is the store; what happened is counted at the simulator.
 * Prints a line a check; exits with 1 if one fails, with 3 where a program cannot be had. For Linux.
 */
import { createChecks } from '../checks.ts';
import { seeChanges } from './cache.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { holdLimits } from './limits.ts';
import { loseStore } from './outage.ts';
import { MissingProgram } from '../programs.ts';
import { answerElsewhere } from './questions.ts';
import { killOne, rollOver, stopOne } from './stops.ts';

const scenarios: Record<string, (cluster: Cluster) => Promise<void>> = {
  questions: answerElsewhere,
  limits: holdLimits,
  cache: seeChanges,
  stop: stopOne,
  kill: killOne,
  store: loseStore,
  rolling: rollOver,
};

const asked = process.argv.slice(2);
const wrong = asked.filter((name) => !Object.hasOwn(scenarios, name));
if (wrong.length) {
  process.stderr.write(`There is no ${wrong.join(', ')}; there are ${Object.keys(scenarios).join(', ')}.\n`);
  process.exit(2);
}

const checks = createChecks(process.stdout);
const begun = performance.now();
let cluster: Cluster;
try {
  cluster = await startCluster(checks);
} catch (error) {
  if (!(error instanceof MissingProgram)) throw error;
  process.stderr.write(`Not run: ${error.message}\n`);
  process.exit(3);
}
try {
  checks.print(`Three replicas behind HAProxy, with ${cluster.store.name}.`);
  for (const name of asked.length ? asked : Object.keys(scenarios)) {
    checks.print(`\n— ${name}`);
    await scenarios[name]!(cluster);
  }
  for (const n of cluster.replicas.keys()) {
    const bug = /.*\bbug [0-9a-f]{8}-.*/.exec(cluster.process(n).output())?.[0];
    checks.check(`replica ${n} reported no bug`, bug === undefined, bug ?? '');
  }
} finally {
  await cluster.close();
}
const seconds = ((performance.now() - begun) / 1000).toFixed(0);
checks.print(`\n${checks.passed()} passed, ${checks.failed()} failed, in ${seconds} s`);
process.exit(checks.failed() ? 1 : 0);
