import { relink } from '../../scripts/release/pack.ts';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { closeUnreleased, latestVersion, notesOf } from '../../scripts/release/changelog.ts';
import { describeBuild } from '../../scripts/release/provenance.ts';
import { findProblems, nextVersion, setChartVersion, type ReleaseState } from '../../scripts/release/version.ts';

const changelog = `# Changelog

## [Unreleased]

### Added

- A thing.

## [1.2.3] - 2026-01-02

- The first.
`;

test.each([
  ['1.2.3', 'patch', '1.2.4'],
  ['1.2.3', 'minor', '1.3.0'],
  ['1.2.3', 'major', '2.0.0'],
  ['1.2.3-rc.1', 'minor', '1.3.0'],
  ['1.2.3', '4.5.6-rc.1', '4.5.6-rc.1'],
])('after %s comes, by %s, %s', (current, wanted, next) => {
  expect(nextVersion(current, wanted)).toBe(next);
});

test.each(['mayor', '1.2', 'v1.2.3', ''])('%o is no version', (wanted) => {
  expect(() => nextVersion('1.2.3', wanted)).toThrow('neither major, minor, patch');
});

test('what is unreleased becomes the section of a version', () => {
  const closed = closeUnreleased(changelog, '1.3.0', '2026-02-03');
  expect(closed).toContain('## [Unreleased]\n\n## [1.3.0] - 2026-02-03\n\n### Added\n\n- A thing.\n\n## [1.2.3]');
  expect(notesOf(closed, 'Unreleased')).toBe('');
  expect(notesOf(closed, '1.3.0')).toBe('### Added\n\n- A thing.');
  expect(notesOf(closed, '1.2.3')).toBe('- The first.');
  expect(latestVersion(closed)).toBe('1.3.0');
  expect(() => closeUnreleased(closed, '1.4.0', '2026-02-04')).toThrow('nothing stands under Unreleased');
  expect(() => closeUnreleased(changelog, '1.2.3', '2026-02-04')).toThrow('has a section already');
});

const ready: ReleaseState = {
  package: { version: '1.3.0', repository: { url: 'git+https://github.com/someone/cloudstack-mcp-server.git' } },
  lock: { version: '1.3.0', packages: { '': { version: '1.3.0' } } },
  chart: { version: '1.3.0', appVersion: '1.3.0' },
  changelog: closeUnreleased(changelog, '1.3.0', '2026-02-03'),
  changed: '',
  tags: ['v1.2.3'],
};

test('a version is ready when everything names it', () => {
  expect(findProblems(ready)).toEqual([]);
});

test.each<[Partial<ReleaseState>, string]>([
  [{ changed: ' M README.md' }, 'the working tree has changes'],
  [{ tags: ['v1.3.0'] }, 'the tag v1.3.0 exists already'],
  [{ lock: { version: '1.2.3', packages: { '': { version: '1.3.0' } } } }, 'package-lock.json is not at 1.3.0'],
  [{ chart: { version: '1.3.0', appVersion: '1.2.3' } }, 'the chart is not at 1.3.0'],
  [{ changelog }, 'the newest section of CHANGELOG.md is not 1.3.0'],
  [{ changelog: ready.changelog.replace('- A thing.', '').replace('### Added', '') }, 'is empty'],
  [
    { changelog: ready.changelog.replace('## [Unreleased]\n', '## [Unreleased]\n\n- More.\n') },
    'changes under Unreleased',
  ],
])('%j is not ready: %s', (change, problem) => {
  expect(findProblems({ ...ready, ...change }).join('\n')).toContain(problem);
});

test("the repository's own files agree on the version", () => {
  const json = (file: string): any => JSON.parse(readFileSync(file, 'utf8'));
  const chart = readFileSync('deploy/helm/cloudstack-mcp-server/Chart.yaml', 'utf8');
  const { version } = json('package.json');
  const state: ReleaseState = {
    ...ready,
    package: { ...ready.package, version },
    lock: json('package-lock.json'),
    chart: parse(chart),
    changelog: `## [Unreleased]\n\n${readFileSync('CHANGELOG.md', 'utf8').replace(/[\s\S]*?(?=^## \[\d)/m, '')}`,
  };
  expect(findProblems(state)).toEqual([]);
  expect(parse(setChartVersion(chart, '9.8.7'))).toMatchObject({ version: '9.8.7', appVersion: '9.8.7' });
});

test('the provenance ties the tarball to the commit and the lock file', () => {
  const statement = describeBuild({
    file: 'cloudstack-mcp-server-1.3.0.tgz',
    sha256: 'aa',
    sha512: 'bb',
    version: '1.3.0',
    repository: undefined,
    commit: 'cc',
    lockSha256: 'dd',
    node: '26.0.0',
    npm: '11.0.0',
    startedOn: '2026-02-03T00:00:00.000Z',
    finishedOn: '2026-02-03T00:01:00.000Z',
  });
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'cloudstack-mcp-server-1.3.0.tgz', digest: { sha256: 'aa', sha512: 'bb' } }],
    predicateType: 'https://slsa.dev/provenance/v1',
  });
  expect(statement.predicate.buildDefinition.resolvedDependencies).toEqual([
    { name: 'repository', digest: { gitCommit: 'cc' } },
    { name: 'package-lock.json', digest: { sha256: 'dd' } },
  ]);
});

test('a page in the package leads to what is in it, else to the repository, else nowhere', () => {
  const text = '[a](LICENSE) [b](docs/cli.md#help) [c](https://x.example) [d](#e) ![f](docs/f.svg)';
  const isPacked = (path: string): boolean => path === 'LICENSE';
  expect(relink(text, isPacked, 'https://host/o/n/blob/v1')).toBe(
    '[a](LICENSE) [b](https://host/o/n/blob/v1/docs/cli.md#help) [c](https://x.example) [d](#e) ![f](docs/f.svg)',
  );
  expect(relink(text, isPacked, undefined)).toBe('[a](LICENSE) b [c](https://x.example) [d](#e) ![f](docs/f.svg)');
});
