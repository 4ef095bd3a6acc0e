/**
 * npm run package-check: what a newcomer gets. Packs the package; installs it from an empty folder with an empty npm cache,
 * without a network, and has it answer a first MCP call, beside the least that a package can be; validates server.json, the
 * bill of materials and the MCPB bundle with the schemas and the tool of their formats, and starts what is in the bundle; runs
 * every command line of the documents in the installed package. `-- documents [PAGE]` does the last alone, `-- package` all else.
 * Exits with 1 when something is wrong or over its bound, with 3 when a schema or a tool cannot be had.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { env } from 'node:process';
import { judge, readBudget, show, type Row } from '../../../scripts/bench/rows.ts';
import { median } from '../../../scripts/bench/process.ts';
import { packBundle } from '../../../scripts/release/mcpb.ts';
import { packPackage, type PackedPackage } from '../../../scripts/release/pack.ts';
import { UnavailableError } from '../deploy/tools.ts';
import { tryDocuments } from './documented.ts';
import { measureFirstAnswer, packFloor, type FirstAnswer } from './first-answer.ts';
import { registryProblems, sbomProblems } from './schemas.ts';

const rounds = 5;
const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-package-'));
const missing: string[] = [];
let failures = 0;

const report = (what: string, problems: readonly string[]): void => {
  failures += problems.length ? 1 : 0;
  process.stdout.write(`${[`${problems.length ? 'failed' : 'ok    '} ${what}`, ...problems].join('\n         ')}\n`);
};

const budget = readBudget();
const measured = (what: string, value: number, unit: string, reference?: number): void => {
  const bound = budget[what];
  if (!bound) throw new Error(`scripts/bench/budget.json has no bound for ${what}`);
  const row: Row = { what, value, unit, bound, ...(reference === undefined ? {} : { reference }) };
  failures += judge(row) ? 0 : 1;
  process.stdout.write(`${show(row)}\n`);
};

/** What needs something that may not be here. */
const attempt = (what: string, check: () => readonly string[]): void => {
  try {
    report(what, check());
  } catch (error) {
    if (error instanceof UnavailableError) missing.push(error.message);
    else report(what, [(error as Error).message]);
  }
};

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** Unpacks a bundle and asks what is in it, as a host starts it. */
const tryBundle = (bundle: string): string[] => {
  const into = join(folder, 'bundle');
  const unpacked = spawnSync('unzip', ['-q', bundle, '-d', into], { encoding: 'utf8' });
  if (unpacked.error) throw new UnavailableError('unzip is not here: the bundle was not started.');
  if (unpacked.status !== 0) return [unpacked.stderr];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(into, 'dist/main.js'), 'call', 'list-zones', '--simulator'],
    { encoding: 'utf8', env: { PATH: env['PATH'], HOME: into, CLOUDSTACK_MCP_READ_ONLY: 'false' } },
  );
  return status === 0 && stdout.includes('Frankfurt') ? [] : [stderr];
};

/** Runs every command line of the documents; says which were only read by the parser, and why. */
const tryAllDocuments = async (tarball: string, page?: string): Promise<void> => {
  const begun = performance.now();
  const tried = await tryDocuments(tarball, folder, page);
  const parsed = new Map<string, number>();
  for (const { line, how, reason = '', problem } of tried) {
    if (problem !== undefined) report(`${line.page}:${line.line} ${line.text}`, [problem]);
    else if (how === 'run') process.stdout.write(`ok     ${line.page}:${line.line} ${line.text}\n`);
    if (how === 'parsed' && !line.text.startsWith('--')) parsed.set(reason, (parsed.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of parsed) process.stdout.write(`       ${count} only parsed: ${reason}\n`);
  const options = tried.filter(({ line }) => line.text.startsWith('--')).length;
  const run = tried.filter(({ how }) => how === 'run').length;
  const parsedOnly = tried.length - run - options;
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  report(
    `${tried.length - options} command lines of the documents: ${run} run, ${parsedOnly} only parsed; ${options} options that sentences name; ${seconds} s`,
    [],
  );
};

const [only, page] = process.argv.slice(2);

const checkPackage = async ({ tarball, size, unpackedSize }: PackedPackage): Promise<void> => {
  const ours = { tarball, program: 'cloudstack-mcp-server', args: ['serve', '--simulator'] };
  const floor = packFloor(folder);
  const runs: { ours: FirstAnswer; floor: FirstAnswer }[] = [];
  // By turns, so that a slow moment of the machine is in both.
  for (let round = 0; round < rounds; round++)
    runs.push({ ours: await measureFirstAnswer(ours), floor: await measureFirstAnswer(floor) });

  measured('package, packed', size, 'bytes');
  measured('package, unpacked', unpackedSize, 'bytes');
  measured('package, packages installed', runs[0]!.ours.packages, 'pkgs');
  measured(
    'package, install and first answer',
    median(runs.map((run) => run.ours.seconds)),
    's',
    median(runs.map((run) => run.floor.seconds)),
  );

  attempt('server.json is valid in the MCP registry', () => registryProblems(readJson('server.json')));
  attempt('the bill of materials is CycloneDX 1.6', () => sbomProblems(readJson('dist/sbom.cdx.json')));
  attempt('a wrong bill of materials is found', () =>
    sbomProblems({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ name: 1 }] }).length
      ? []
      : ['nothing was found'],
  );
  attempt('the MCPB bundle is validated, packed, and answers', () => {
    const bundle = packBundle(tarball, folder);
    process.stdout.write(`       ${statSync(bundle).size} bytes\n`);
    return tryBundle(bundle);
  });
};

try {
  const packed = packPackage(folder);
  if (only !== 'documents') await checkPackage(packed);
  if (only !== 'package') await tryAllDocuments(packed.tarball, page);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const what of missing) process.stdout.write(`not checked: ${what}\n`);
if (failures) process.exitCode = 1;
else if (missing.length) process.exitCode = 3;
