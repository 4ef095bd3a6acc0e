import { spawnSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { makeNodeImage } from './base-image.ts';
import { fillIn, readPairs, type ContainerFile, type Instruction, type Stage } from './dockerfile.ts';
import { createIgnore } from './ignore.ts';
import { owner, runInside } from './namespace.ts';

/** A stage after all its instructions: its folder, and what its last ones left in force. */
export interface Built {
  root: string;
  env: Record<string, string>;
  cwd: string;
  user: number;
}

/** Everything that building needs to know. */
export interface BuildOptions {
  /** Folder that `COPY` copies from, with its .dockerignore. */
  context: string;
  /** An empty folder. */
  into: string;
  print: (line: string) => void;
}

const own = (path: string): void => {
  if (process.getuid?.() === 0) spawnSync('chown', ['-R', '-h', `${owner}:${owner}`, path]);
};

const copy = (source: string, target: string, keep: (path: string) => boolean): void => {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true, verbatimSymlinks: true, filter: keep });
};

/** `COPY SOURCE… TARGET`: a folder's content goes into the target, a file under its name or the target's. */
const copyAll = ({ flags, rest }: Instruction, at: Built, from: Built | undefined, { context }: BuildOptions): void => {
  const words = rest.split(/\s+/);
  const target = words.pop()!;
  const place = join(at.root, target.startsWith('/') ? '' : at.cwd, target);
  const root = from?.root ?? context;
  const ignores = from ? () => false : createIgnore(readFileSync(join(context, '.dockerignore'), 'utf8'));
  for (const word of words) {
    const source = join(root, word);
    const keep = (path: string): boolean => !ignores(relative(context, path)) || statSync(path).isDirectory();
    if (!lstatSync(source, { throwIfNoEntry: false }) || (!from && ignores(word)))
      throw new Error(`COPY ${rest}: ${word} is not in the ${from ? 'stage' : 'build context'}`);
    const isFolder = statSync(source).isDirectory();
    if (isFolder && word === '/')
      for (const name of readdirSync(source)) copy(join(source, name), join(place, name), keep);
    else copy(source, isFolder || !/(^|\/)\.?\/?$|\/$/.test(target) ? place : join(place, basename(word)), keep);
  }
  own(place);
  if (flags['chown']?.split(':').some((id) => !/^\d+$/.test(id))) throw new Error('--chown wants numbers');
};

const runLine = ({ rest }: Instruction, at: Built): void => {
  const { status, output } = runInside({ ...at, command: ['/bin/sh', '-c', rest], fetches: true });
  if (status !== 0) throw new Error(`RUN ${rest}\nended with ${status}:\n${output}`);
};

const carryOut = (
  instruction: Instruction,
  at: Built,
  stages: ReadonlyMap<string, Built>,
  options: BuildOptions,
): void => {
  const { word, rest, flags } = instruction;
  if (word === 'ARG') Object.assign(at.env, { ...readPairs(rest), ...at.env });
  else if (word === 'ENV')
    for (const [name, value] of Object.entries(readPairs(rest))) at.env[name] = fillIn(value, at.env);
  else if (word === 'WORKDIR') {
    at.cwd = rest;
    mkdirSync(join(at.root, rest), { recursive: true });
    own(join(at.root, rest));
  } else if (word === 'USER') at.user = Number(rest.split(':')[0]);
  else if (word === 'COPY') {
    const from = flags['from'] === undefined ? undefined : stages.get(flags['from']);
    if (flags['from'] !== undefined && !from) throw new Error(`there is no stage ${flags['from']}`);
    copyAll(instruction, at, from, options);
  } else if (word === 'RUN') runLine(instruction, at);
};

const begin = ({ from }: Stage, into: string, images: Map<string, string>): Built => {
  const root = mkdtempSync(join(into, 'stage-'));
  const release = /^node:(\d+)/.exec(from)?.[1];
  if (from !== 'scratch') {
    if (!release) throw new Error(`this script cannot make an image like ${from}`);
    let image = images.get(from);
    if (!image) {
      image = mkdtempSync(join(into, 'image-'));
      makeNodeImage(image, release);
      images.set(from, image);
    }
    spawnSync('cp', ['-a', `${image}/.`, root]);
  }
  own(root);
  const env = from === 'scratch' ? {} : { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/root' };
  return { root, env, cwd: '/', user: 0 };
};

/** Carries out the stages in order, each in a folder of its own. Gives the last one. */
export const buildStages = ({ stages }: ContainerFile, options: BuildOptions): Built => {
  const done = new Map<string, Built>();
  const images = new Map<string, string>();
  let last: Built | undefined;
  for (const stage of stages) {
    const begun = Date.now();
    last = begin(stage, options.into, images);
    for (const instruction of stage.instructions) carryOut(instruction, last, done, options);
    done.set(stage.name, last);
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    options.print(
      `stage ${stage.name || 'runtime'} from ${stage.from}: ${stage.instructions.length} instructions, ${seconds} s`,
    );
  }
  for (const image of images.values()) rmSync(image, { recursive: true });
  return last!;
};
