/** npm run check: everything that must hold, the quick parts first. Stops at the first part that fails and names it. */
import { spawnSync } from 'node:child_process';

const parts = ['format:check', 'lint', 'types', 'imports', 'docs:check', 'coverage'];

for (const part of parts) {
  process.stdout.write(`\n— ${part}\n`);
  const { status } = spawnSync('npm', ['run', '--silent', part], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) continue;
  process.stdout.write(`\ncheck: ${part} failed; alone: npm run ${part}\n`);
  process.exit(status ?? 1);
}
process.stdout.write(`\ncheck: ${parts.join(', ')} passed\n`);
