import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { goEnvironment } from '../programs.ts';

/** Programs that validate, as Go modules: package@version. */
const packages = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
  // The library that Compose itself reads its files with.
  compose: 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2',
} as const;

/** Where what was fetched stays; gone with node_modules. */
export const cache = resolve('node_modules/.cache/deploy');

/** Something that has to be fetched cannot be had. */
export class UnavailableError extends Error {}

/** Runs a program to its end. Throws with what it printed when it fails. */
export const run = (command: string, args: readonly string[], input?: string): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
};

const attempt = (what: string, args: readonly string[]): string => {
  try {
    return run('go', args);
  } catch (error) {
    throw new UnavailableError(`${what} cannot be had: ${(error as Error).message.trim()}`);
  }
};

const install = (folder: string, what: string): void => {
  const { status, stderr } = spawnSync('env', [`GOBIN=${folder}`, ...goEnvironment, 'go', 'install', what], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new UnavailableError(`${what} cannot be had: ${stderr.trim()}`);
};

/** The path of a program, which is installed first if it was not yet. Throws UnavailableError without Go or network. */
export const findTool = (name: keyof typeof packages): string => {
  const [path = '', version = ''] = packages[name].split('@');
  const folder = join(cache, `${name}-${version}`);
  const program = join(folder, path.split('/').at(-1)!);
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    install(folder, packages[name]);
  }
  return program;
};

/** The folder of a Go module's sources. Throws UnavailableError without Go or network. */
export const findModule = (module: string): string => {
  const { Dir } = JSON.parse(attempt(module, ['mod', 'download', '-json', module])) as { Dir: string };
  return Dir;
};
