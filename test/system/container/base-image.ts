import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const run = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr || 'it cannot be started'}`);
  return stdout.trim();
};

/** The programs of a small system that the container file's shell lines may use. */
const programs = ['sh', 'rm', 'mkdir', 'cp', 'mv', 'ls', 'cat', 'chmod', 'ln', 'find', 'test', 'env'];

const put = (source: string, root: string, target: string): void => {
  const path = join(root, target);
  mkdirSync(dirname(path), { recursive: true });
  cpSync(realpathSync(source), path, { recursive: true, dereference: true });
};

/** A program and the libraries that it is linked with. */
const putProgram = (source: string, root: string, target: string): void => {
  put(source, root, target);
  chmodSync(join(root, target), 0o755);
  const linked = spawnSync('ldd', [source], { encoding: 'utf8' }).stdout;
  for (const [library] of linked.matchAll(/\/\S+\.so\S*/g))
    if (!existsSync(join(root, library))) put(library, root, library);
};

/** Node of a release: the one that runs this, or one that npx fetches. */
const findNode = (release: string): string =>
  process.versions.node.split('.')[0] === release
    ? process.execPath
    : run('npx', ['-y', `node@${release}`, '-p', 'process.execPath']);

/**
 * Fills a folder with what the image `node:RELEASE-alpine` brings and this machine has: Node of that release, npm, a
 * shell and a few programs, certificates. Stands in for the image; its programs are this machine's, linked with its libc.
 */
export const makeNodeImage = (root: string, release: string): void => {
  for (const folder of ['tmp', 'proc', 'dev', 'root', 'etc', 'run', 'sbin', 'usr/local/bin', 'var/lib'])
    mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o777);
  for (const name of programs) {
    const found = [`/usr/bin/${name}`, `/bin/${name}`].find((path) => existsSync(path));
    if (!found) throw new Error(`this machine has no ${name}`);
    putProgram(found, root, `bin/${name}`);
  }
  putProgram(findNode(release), root, 'usr/local/bin/node');
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('/bin/env', join(root, 'usr/bin/env'));

  put(join(run('npm', ['root', '-g']), 'npm'), root, 'usr/local/lib/node_modules/npm');
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
  // What else the image has and a running server needs not.
  for (const path of [
    'opt/yarn-v1/bin/yarn',
    'usr/local/bin/yarn',
    'usr/local/bin/corepack',
    'usr/local/bin/docker-entrypoint.sh',
    'usr/local/include/node/node.h',
    'sbin/apk',
  ]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '#!/bin/sh\n', { mode: 0o755 });
  }

  for (const path of ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/ssl/certs/ca-certificates.crt'])
    if (existsSync(path)) put(path, root, path);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
  rmSync(join(root, 'usr/local/lib/node_modules/npm/docs'), { recursive: true, force: true });
};
