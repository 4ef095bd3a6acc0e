/**
 * npm run site: builds the documents as a site into site/dist and checks what came out: every link and anchor leads
 * somewhere, and nothing is loaded from elsewhere. Exits with 1 where something does not.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationSchema } from './build/configuration-schema.ts';

const folder = 'site/dist';
const built = spawnSync('npx', ['vitepress', 'build', 'site'], { encoding: 'utf8' });
if (built.status !== 0) {
  process.stderr.write(`${built.stdout}${built.stderr}`);
  process.exit(1);
}
cpSync('llms.txt', join(folder, 'llms.txt'));
writeFileSync(join(folder, 'configuration.schema.json'), JSON.stringify(configurationSchema(), null, 2));

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
const pages = new Map(
  files
    .filter((name) => name.endsWith('.html'))
    .map((name) => [`/${name.replaceAll('\\', '/')}`, readFileSync(join(folder, name), 'utf8')]),
);
const idsOf = new Map(
  [...pages].map(([path, text]) => [path, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]),
);

const problems: string[] = [];
for (const [path, text] of pages) {
  for (const [, href = ''] of text.matchAll(/ href="([^"]+)"/g)) {
    const { origin, pathname, hash } = new URL(href.replaceAll('&amp;', '&'), `http://site.invalid${path}`);
    if (origin !== 'http://site.invalid') continue;
    const target = pathname.endsWith('/') ? `${pathname}index.html` : `${pathname}.html`;
    if (!pages.has(target)) {
      if (!existsSync(join(folder, pathname))) problems.push(`${path}: ${href} leads nowhere`);
    } else if (hash && !idsOf.get(target)!.has(decodeURIComponent(hash.slice(1))))
      problems.push(`${path}: ${href} has no such heading`);
  }
  // What a browser fetches by itself; links that people follow may lead anywhere.
  for (const [loaded] of text.matchAll(/<(?:script|img|iframe|link)\b[^>]*? (?:src|href)="https?:[^>]*>/g))
    problems.push(`${path} loads from elsewhere: ${loaded}`);
}
for (const name of files.filter((one) => /\.css$/.test(one)))
  if (/url\(["']?(?:https?:)?\/\//.test(readFileSync(join(folder, name), 'utf8')))
    problems.push(`${name} loads from elsewhere`);

for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length) process.exitCode = 1;
else process.stdout.write(`site: ${pages.size} pages in ${folder}\n`);
