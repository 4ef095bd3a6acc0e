/**
 * npm run conformance: the official suite's required scenarios of both protocol eras. The production HTTP core with the
 * suite's fixtures must pass all of them, the production binary all that need no fixture. Prints the counts; exits with 1
 * when one fails. The suite runs on Node 24, which npx fetches; the servers on the Node that runs this.
 */
import { spawnSync } from 'node:child_process';
import { startProgram } from '../../support/process.ts';

const suite = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const revisions = ['2026-07-28', '2025-11-25'] as const;

/** Scenarios that ask for no tool, resource or prompt of a given name. */
const withoutFixtures: Record<(typeof revisions)[number], readonly string[]> = {
  '2026-07-28': [
    'tools-list',
    'server-sse-multiple-streams',
    'sep-2164-resource-not-found',
    'dns-rebinding-protection',
    'input-required-result-unsupported-methods',
    'http-header-validation',
  ],
  '2025-11-25': [
    'server-initialize',
    'ping',
    'tools-list',
    'server-sse-multiple-streams',
    'dns-rebinding-protection',
    'server-session-lifecycle',
  ],
};

/** How many this release of the suite requires: fewer would mean that some were not run. */
const required: Record<(typeof revisions)[number], number> = { '2026-07-28': 37, '2025-11-25': 30 };

interface Outcome {
  passed: string[];
  failed: string[];
  /** Run and reported, but not required: extensions, and scenarios that the suite has not settled. */
  notScored: string[];
  text: string;
}

const namesIn = (text: string, mark: RegExp): string[] =>
  [...text.matchAll(new RegExp(`^\\s*(?:${mark.source}) ([\\w-]+)`, 'gm'))].map((found) => found[1]!);

const runSuite = (url: string, revision: string): Outcome => {
  const { stdout, stderr } = spawnSync(
    'npx',
    ['-y', '-p', 'node@24', '-p', suite, 'conformance', 'server', '--url', url, '--requirements', revision],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  const [, summary = ''] = stdout.split('=== SUMMARY ===');
  if (!summary) throw new Error(`the suite did not run:\n${stdout}\n${stderr}`);
  const [scored = '', further = ''] = summary.split(/^Not scored.*$/m);
  return {
    passed: namesIn(scored, /✓/),
    failed: namesIn(scored, /✗/),
    notScored: namesIn(further, /[✓✗]/),
    text: stdout,
  };
};

let failures = 0;
const print = (what: string, revision: string, passed: number, failed: readonly string[]): void => {
  failures += failed.length;
  process.stdout.write(
    `${what}, ${revision}: ${passed}/${passed + failed.length} passed${failed.map((name) => `\n  ✗ ${name}`).join('')}\n`,
  );
};

const fixtures = await startProgram(
  [process.execPath, '--import', 'tsx', 'test/system/conformance/server.ts'],
  /"url":"([^"]+)"/,
  { input: true },
);
for (const revision of revisions) {
  const { passed, failed, notScored, text } = runSuite(fixtures.found, revision);
  const isScored = (name: string): boolean => !notScored.includes(name);
  print('core with fixtures', revision, passed.filter(isScored).length, failed.filter(isScored));
  const ran = [...passed, ...failed].filter(isScored).length;
  if (ran !== required[revision])
    throw new Error(`${revision}: ${ran} scenarios were run instead of ${required[revision]}`);
  if (process.argv.includes('--verbose') && failed.some(isScored)) process.stdout.write(text);
}
await fixtures.stop();

const serve = ['dist/main.js', 'serve', '--transport', 'http', '--port', '0', '--simulator', '--audit', '/dev/null'];
const production = await startProgram([process.execPath, ...serve], /Serving MCP on (\S+\/mcp)/);
for (const revision of revisions) {
  const { passed } = runSuite(production.found, revision);
  const missing = withoutFixtures[revision].filter((name) => !passed.includes(name));
  print(
    'production binary, scenarios without fixtures',
    revision,
    withoutFixtures[revision].length - missing.length,
    missing,
  );
}
await production.stop();
if (failures) process.exitCode = 1;
