/**
 * npm run container-check: carries out the container file's own stages without a container engine. Each stage gets an
 * empty folder as its root and runs as an unprivileged user; the last one is then started as the file says, with
 * everything read-only but the state folder, and asked like a server. Only the address differs: it listens on loopback.
 * Exits with 1 when something is wrong, with 3 where it cannot be tried out.
 */
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildStages } from './stages.ts';
import { readContainerFile } from './dockerfile.ts';
import { findLeftovers, findUnreadable, sizeOf } from './leftovers.ts';
import { owner, whyNot } from './namespace.ts';
import { tryOut } from './try-out.ts';

const reason = whyNot();
if (reason !== undefined) {
  process.stdout.write(`not tried: ${reason}\n`);
  process.exit(3);
}

let failures = 0;
const print = (line: string): void => void process.stdout.write(`ok     ${line}\n`);
const fail = (line: string): void => {
  failures += 1;
  process.stdout.write(`failed ${line}\n`);
};

const into = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-container-'));
try {
  const file = readContainerFile(readFileSync('deploy/container/Dockerfile', 'utf8'));
  if (process.getuid?.() === 0) chownSync(into, owner, owner);
  const built = buildStages(file, { context: process.cwd(), into, print });

  const left = findLeftovers(built.root);
  if (left.length) fail(`left in the image: ${left.join(', ')}`);
  else print('no package manager, no build tool, no sources, no node_modules in the last stage');
  const closed = findUnreadable(join(built.root, 'app'));
  if (closed.length) fail(`only their owner may read: ${closed.join(', ')}`);
  else print('everything in /app can be read by whoever runs it');
  const [app, node] = [sizeOf(join(built.root, 'app')), sizeOf(join(built.root, 'usr/local/bin/node'))];
  print(`size: ${app.mebibytes} MiB of the server in ${app.files} files, ${node.mebibytes} MiB of node`);

  await tryOut(file.stages.at(-1)!, built, { into, print, fail });
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
} finally {
  rmSync(into, { recursive: true, force: true });
}
process.stdout.write(failures ? `${failures} failed\n` : 'the container file works\n');
process.exitCode = failures ? 1 : 0;
