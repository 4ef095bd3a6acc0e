/** npm run tokens: what answers cost a model, each beside its bound. Exits with 1 when one is missed. */
import { measureAnswers } from './bench/answers.ts';
import { judge, show } from './bench/rows.ts';
import { startSimulatorProcess } from './bench/simulator.ts';

const simulator = await startSimulatorProcess();
const { env } = simulator;
try {
  const rows = await measureAnswers(env);
  process.stdout.write(`${rows.map(show).join('\n')}\n`);
  if (rows.some((row) => judge(row) === false)) process.exitCode = 1;
} finally {
  await simulator.close();
}
