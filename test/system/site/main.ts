/**
 * npm run site-check: the site of the documents in a real Chromium. Every page, some in both colours: axe finds nothing serious, no request
 * leaves for elsewhere, something is painted within a second, links work that the search finds. Leaves pictures in build/site/.
 * Exits with 1 when something is not as it must be, with 3 where no Chromium can be had.
 */
import axe from 'axe-core';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { median } from '../../../scripts/bench/process.ts';
import { bestWithin, createChecks } from '../checks.ts';
import { findBrowser, MissingProgram } from '../programs.ts';

// Its links are looked at when it is built, also where there is no browser.
const built = spawnSync('npm', ['run', '--silent', 'site'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);

let program: string;
try {
  program = findBrowser();
} catch (error) {
  if (!(error instanceof MissingProgram)) throw error;
  process.stdout.write(`No browser, so the site was not looked at: ${error.message}\n`);
  process.exit(3);
}

const folder = 'site/dist';
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
const server = createServer((request, response) => {
  const path = join(folder, normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)));
  const found = [path, `${path}.html`, join(path, 'index.html')].find(
    (one) => existsSync(one) && statSync(one).isFile(),
  );
  if (!found) return response.writeHead(404).end();
  return response.writeHead(200, { 'content-type': types[extname(found)] ?? 'text/plain' }).end(readFileSync(found));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const { check, print, passed, failed } = createChecks(process.stdout);
mkdirSync('build/site', { recursive: true });
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
const maxPaintMs = 1000;
const inDark = /^\/$|cookbook|configuration$|cli$|hosts\/goose|monitoring/;

const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.html') && name !== '404.html')
  .map((name) => `/${name.replace(/(?:index)?\.html$/, '')}`)
  .filter((path) => process.argv.slice(2).every((wanted) => path.includes(wanted)))
  .sort();

const foreign: string[] = [];
const open = async (colorScheme: 'light' | 'dark'): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  return page;
};

/** What keeps people out of a page: findings of axe that it calls serious or critical. */
const seriousOn = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] }).then(({ violations }) =>
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ' (' + nodes.length + '): ' + nodes[0].html.slice(0, 200)))`,
  );
};

/** Milliseconds from the request of a page to its first contentful paint. */
const paintOf = (page: Page): Promise<number> =>
  page.evaluate<number>(
    `new Promise((resolve) => new PerformanceObserver((list) =>
      list.getEntriesByName('first-contentful-paint').forEach(({ startTime }) => resolve(startTime)))
        .observe({ type: 'paint', buffered: true }))`,
  );

try {
  const paints: number[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open(colorScheme);
    // All pages have the same colours; in the dark a few with every kind of part are looked at.
    for (const path of pages.filter((one) => colorScheme === 'light' || inDark.test(one))) {
      await page.goto(`${origin}${path}`, { waitUntil: 'load' });
      if (colorScheme === 'light')
        paints.push(
          await bestWithin(maxPaintMs, async () => {
            const paint = await paintOf(page);
            if (paint > maxPaintMs) await page.reload({ waitUntil: 'load' });
            return paint;
          }),
        );
      const found = await seriousOn(page);
      check(`${path}, ${colorScheme}: axe finds nothing serious`, found.length === 0, found.join(' | '));
      if (/^\/$|quick|cookbook|claude-desktop|configuration$/.test(path))
        await page.screenshot({
          path: `build/site/${path.replaceAll('/', '-').replace(/^-/, '') || 'start'}-${colorScheme}.png`,
        });
    }
    await page.context().close();
  }
  const slowest = Math.max(...paints);
  const figures = `median ${Math.round(median(paints))} ms, slowest ${Math.round(slowest)} ms of ${pages.length} pages`;
  check(`the first paint of each page within ${maxPaintMs} ms`, slowest <= maxPaintMs, figures);

  const page = await open('light');
  await page.goto(origin);
  await page
    .getByRole('button', { name: /search/i })
    .first()
    .click();
  await page.locator('.VPLocalSearchBox input').first().waitFor();
  await page.keyboard.type('policy');
  const found = page.locator('.VPLocalSearchBox [role=option]').first();
  const isFound = await found.waitFor({ timeout: 60_000 }).then(
    () => true,
    () => false,
  );
  await page.screenshot({ path: 'build/site/search.png' });
  check('the search finds a word, in the browser alone', isFound);
  check('no request to another origin', foreign.length === 0, [...new Set(foreign)].join(' '));
} finally {
  await browser.close();
  server.close();
}
print(`${passed()} passed, ${failed()} failed`);
process.exit(failed() ? 1 : 0);
