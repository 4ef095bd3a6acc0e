import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** A program that could not be had, and why. */
export class MissingProgram extends Error {}

const find = (names: readonly string[]): string | undefined =>
  names.flatMap((name) => {
    const { status, stdout } = spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    return status === 0 ? [stdout.trim()] : [];
  })[0];

const policy = '/usr/sbin/policy-rc.d';

/** Debian's packages start their services; this one is only to be there. */
const install = (name: string): void => {
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const apt = (...args: string[]): boolean =>
      spawnSync('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args], { stdio: 'ignore' }).status === 0;
    const add = (): boolean => apt('install', '-y', '--no-install-recommends', name);
    // What is known of the packages may be old, or nothing.
    if (!add() && apt('update')) add();
  } finally {
    if (isOurs) rmSync(policy);
  }
};

/** The path of the first of some programs; from Debian's package where it is not there and may be installed. Throws a MissingProgram. */
export const findProgram = (names: readonly string[], debianPackage: string): string => {
  const there = find(names);
  if (there) return there;
  if (process.getuid?.() !== 0)
    throw new MissingProgram(
      `${names.join(' or ')} is needed (Debian: apt-get install ${debianPackage}); only root can install it.`,
    );
  install(debianPackage);
  const installed = find(names);
  if (installed) return installed;
  throw new MissingProgram(`apt-get install ${debianPackage} did not bring ${names.join(' or ')}`);
};

/**
 * The path of a Chromium. The one without a window takes a quarter less work; Debian has it as a package of its own, which
 * needs no desktop. Throws a MissingProgram.
 */
export const findBrowser = (): string =>
  findProgram(['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'], 'chromium-headless-shell');

/**
 * What Go's builds are told here (for `env`). What is built runs for seconds: it is not worth optimizing, nor debugging, and
 * needs no C; compilers tidy their memory up only when they have much. The same for all, so that they share what is compiled.
 */
export const goEnvironment: readonly string[] = [
  'CGO_ENABLED=0',
  'GOGC=off',
  'GOMEMLIMIT=1GiB',
  `GOFLAGS=-mod=mod -buildvcs=false '-gcflags=all=-N -l -dwarf=false' '-ldflags=-s -w'`,
];
