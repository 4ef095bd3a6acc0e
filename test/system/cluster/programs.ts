import { spawnSync } from 'node:child_process';
import { install } from '../observe/programs.ts';

/** A program that could not be had, and why. */
export class MissingProgram extends Error {}

const find = (names: readonly string[]): string | undefined =>
  names.flatMap((name) => {
    const { status, stdout } = spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    return status === 0 ? [stdout.trim()] : [];
  })[0];

/** The path of the first of some programs; from Debian's package where it is not there and may be installed. */
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
