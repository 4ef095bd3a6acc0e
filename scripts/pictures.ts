/**
 * npm run pictures: takes the pictures of the documents anew, from what `npm run terminal-check` and `npm run page-check` left
 * in build/. Exits with 1 where one is not there.
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** In docs/pictures/, and where each comes from. */
const pictures = {
  'terminal-machines.svg': 'build/terminal/machines-80.svg',
  'terminal-doctor.svg': 'build/terminal/doctor-80.svg',
  'terminal-demo.svg': 'build/terminal/demo-80.svg',
  'page-overview.png': 'build/page/overview-1280-light.png',
  'page-approval.png': 'build/page/approval.png',
  'page-network-map.png': 'build/page/app-network-map.png',
};

const folder = 'docs/pictures';
mkdirSync(folder, { recursive: true });
const missing = Object.values(pictures).filter((source) => !existsSync(source));
for (const [name, source] of Object.entries(pictures))
  if (!missing.includes(source)) copyFileSync(source, join(folder, name));
for (const source of missing)
  process.stderr.write(`${source} is not there: npm run terminal-check, npm run page-check\n`);
if (missing.length) process.exitCode = 1;
else process.stdout.write(`${Object.keys(pictures).length} pictures in ${folder}\n`);
