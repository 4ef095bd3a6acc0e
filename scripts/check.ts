/**
 * npm run check: everything but the tests that must hold, two parts at once and the longest first. Prints what each part
 * said when it ends, and exits with 1 if one failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

const parts = ['lint', 'docs:check', 'format:check', 'imports', 'vocabulary'];
const width = 2;

const failed: string[] = [];
const waiting = [...parts];

const run = async (part: string): Promise<void> => {
  const begun = performance.now();
  const child = spawn('npm', ['run', '--silent', part], {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) failed.push(part);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`\n— ${part}: ${status === 0 ? 'passed' : 'failed'}, ${seconds} s\n${output}`);
};

const worker = async (): Promise<void> => {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await run(part);
};
await Promise.all(Array.from({ length: width }, worker));

for (const part of failed) process.stdout.write(`\ncheck: ${part} failed; alone: npm run ${part}\n`);
if (failed.length) process.exitCode = 1;
else process.stdout.write(`\ncheck: ${parts.join(', ')} passed; the tests: npm test\n`);
