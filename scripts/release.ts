/**
 * npm run release: checks that the version is ready, runs every check and test, builds, and writes the package, its
 * bundle for hosts (MCPB), release notes and provenance to release/. It publishes nothing and prints the commands that do.
 *
 * npm run release -- minor --prepare (or major, patch, 1.2.3): sets the next version in package.json, the lock file, the
 * chart, the changelog and the manifests.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { writeManifests } from './docs/manifests.ts';
import { closeUnreleased, notesOf } from './release/changelog.ts';
import { packBundle } from './release/mcpb.ts';
import { packPackage } from './release/pack.ts';
import { describeBuild } from './release/provenance.ts';
import { findProblems, nextVersion, setChartVersion, type ReleaseState } from './release/version.ts';

const chartFile = 'deploy/helm/cloudstack-mcp-server/Chart.yaml';
const folder = 'release';

const read = (file: string): string => readFileSync(file, 'utf8');
const digest = (algorithm: 'sha256' | 'sha512', file: string): string =>
  createHash(algorithm).update(readFileSync(file)).digest('hex');
const stop = (message: string): never => {
  process.stderr.write(`release: ${message}\n`);
  process.exit(1);
};

/** What a program prints to standard output. A failure ends the release. */
const ask = (program: string, ...args: string[]): string => {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return status === 0 ? stdout.trim() : stop(`${program} ${args.join(' ')} failed`);
};
/** Runs an npm script and shows what it prints. */
const run = (script: string): void => {
  process.stdout.write(`\n— npm run ${script}\n`);
  if (spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' }).status !== 0)
    stop(`npm run ${script} failed`);
};

const readState = (): ReleaseState => ({
  package: JSON.parse(read('package.json')) as ReleaseState['package'],
  lock: JSON.parse(read('package-lock.json')) as ReleaseState['lock'],
  chart: parse(read(chartFile)) as ReleaseState['chart'],
  changelog: read('CHANGELOG.md'),
  changed: ask('git', 'status', '--porcelain'),
  tags: ask('git', 'tag', '--list').split('\n'),
});

const prepare = (wanted: string): void => {
  const { package: about, changed, changelog } = readState();
  if (changed) stop(`the working tree has changes:\n${changed}`);
  const version = nextVersion(about.version, wanted);
  const closed = closeUnreleased(changelog, version, new Date().toISOString().slice(0, 10));
  ask('npm', 'version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts');
  writeFileSync(chartFile, setChartVersion(read(chartFile), version));
  writeFileSync('CHANGELOG.md', closed);
  writeManifests(false);
  ask('npm', 'run', '--silent', 'format');
  process.stdout.write(
    `Prepared ${version}. Read the changelog, then:\n\n  git commit -am 'Release ${version}'\n  npm run release\n`,
  );
};

const release = (): void => {
  const startedOn = new Date().toISOString();
  const state = readState();
  const { version } = state.package;
  const problems = findProblems(state);
  if (problems.length) stop(problems.join('\nrelease: '));
  for (const script of ['check', 'test:all', 'build']) run(script);
  const changed = ask('git', 'status', '--porcelain');
  if (changed) stop(`the checks changed files:\n${changed}`);

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const { tarball } = packPackage(folder);
  const file = basename(tarball);
  const bundle = packBundle(tarball, folder);
  writeFileSync(join(folder, 'notes.md'), `${notesOf(state.changelog, version) ?? ''}\n`);
  const remote = spawnSync('git', ['remote', 'get-url', 'origin'], { encoding: 'utf8' });
  const provenance = describeBuild({
    file,
    sha256: digest('sha256', tarball),
    sha512: digest('sha512', tarball),
    version,
    // A URL may hold a token.
    repository: remote.status === 0 ? remote.stdout.trim().replace(/\/\/[^/@]*@/, '//') : undefined,
    commit: ask('git', 'rev-parse', 'HEAD'),
    lockSha256: digest('sha256', 'package-lock.json'),
    node: process.versions.node,
    npm: ask('npm', '--version'),
    startedOn,
    finishedOn: new Date().toISOString(),
  });
  writeFileSync(join(folder, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);

  process.stdout.write(`
${folder}/ holds ${file}, ${basename(bundle)}, notes.md and provenance.json. Nothing is published. Read them, then:

  git tag --annotate v${version} --file ${folder}/notes.md --cleanup=verbatim
  git push origin v${version}
  npm publish ${tarball} --access public
  mcp-publisher publish   # server.json, to the MCP registry
  docker build -f deploy/container/Dockerfile --build-arg VERSION=${version} --build-arg REVISION=$(git rev-parse HEAD) -t cloudstack-mcp-server:${version} .
`);
};

const { values, positionals } = parseArgs({ options: { prepare: { type: 'boolean' } }, allowPositionals: true });
if (values.prepare && positionals.length === 1) prepare(positionals[0]!);
else if (!values.prepare && !positionals.length) release();
else stop('usage: npm run release, or npm run release -- major|minor|patch|VERSION --prepare');
