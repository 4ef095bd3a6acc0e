import { gzipSync } from 'node:zlib';
import { readPageFile } from '../../../src/page-files.ts';
import { bestWithin, type Checks } from '../checks.ts';
import { openStage } from './stage.ts';

const maxPageBytes = 45 * 1024;
const maxFirstViewMs = 1000;

/** How much the page weighs, and how soon someone sees it over a cloud with 10,000 machines. */
export const checkSpeed = async (program: string, { check, print }: Checks): Promise<void> => {
  const weights = ['index.html', 'page.js', 'page.css', 'icon.svg'].map((name) => {
    const bytes = gzipSync(readPageFile(name), { level: 9 }).length;
    print(`      ${name}: ${bytes} bytes (gzip)`);
    return bytes;
  });
  const sum = weights.reduce((all, one) => all + one, 0);
  check(`the page weighs at most ${maxPageBytes} bytes`, sum <= maxPageBytes, `${sum} bytes`);
  const stage = await openStage(program, { simulatorFlags: ['--vms', '10000'] });
  try {
    const page = await stage.signIn('alice');
    const best = await bestWithin(maxFirstViewMs, async () => {
      const begun = performance.now();
      await page.goto(`${stage.origin}/`);
      await page
        .getByText(/^10,?0\d\d$/)
        .first()
        .waitFor();
      return Math.round(performance.now() - begun);
    });
    check(`the first view of 10,000 machines within ${maxFirstViewMs} ms`, best <= maxFirstViewMs, `${best} ms`);
  } finally {
    await stage.close();
  }
};
