/** npm run tokens: what answers cost a model, each beside its bound. Exits with 1 when one is missed. */
import { measureAnswers } from './bench/answers.ts';
import { judge, show } from './bench/rows.ts';
import { startSimulatorProcess } from './bench/simulator.ts';

const simulator = await startSimulatorProcess();
const env = {
  CLOUDSTACK_API_URL: simulator.url,
  CLOUDSTACK_API_KEY: simulator.apiKey,
  CLOUDSTACK_SECRET_KEY: simulator.secretKey,
  CLOUDSTACK_MCP_AUDIT: '/dev/null',
};
try {
  const rows = await measureAnswers(env);
  process.stdout.write(`${rows.map(show).join('\n')}\n`);
  if (rows.some((row) => judge(row) === false)) process.exitCode = 1;
} finally {
  await simulator.close();
}
