import { latestVersion, notesOf } from './changelog.ts';

const parts = ['major', 'minor', 'patch'] as const;

/** The version after `current` by a part of it, or the version that is named. Throws for anything else. */
export const nextVersion = (current: string, wanted: string): string => {
  if (/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(wanted)) return wanted;
  const at = parts.findIndex((part) => part === wanted);
  if (at < 0) throw new Error(`"${wanted}" is neither ${parts.join(', ')} nor a version such as 1.2.3`);
  const numbers = current.split('-', 1)[0]!.split('.').map(Number);
  return numbers.map((number, index) => (index < at ? number : index === at ? number + 1 : 0)).join('.');
};

/** The chart with another version, of itself and of the program. */
export const setChartVersion = (chart: string, version: string): string =>
  chart.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`);

/** Everything that names the version, and the state of the repository. */
export interface ReleaseState {
  package: { version: string; repository: { url: string } };
  lock: { version: string; packages: Record<string, { version?: string }> };
  chart: { version: string; appVersion: string };
  changelog: string;
  /** `git status --porcelain`: empty where the tree is clean. */
  changed: string;
  tags: readonly string[];
}

/** Why a version cannot be released as things are; empty where it can. */
export const findProblems = ({
  package: { version, repository },
  lock,
  chart,
  changelog,
  changed,
  tags,
}: ReleaseState): string[] =>
  [
    repository.url.includes('/OWNER/') &&
      'the repository in package.json names no owner yet: write its URL there, then npm run docs',
    changed && `the working tree has changes:\n${changed}`,
    tags.includes(`v${version}`) && `the tag v${version} exists already: npm run release -- patch --prepare`,
    (lock.version !== version || lock.packages['']?.version !== version) && `package-lock.json is not at ${version}`,
    (chart.version !== version || chart.appVersion !== version) && `the chart is not at ${version}`,
    latestVersion(changelog) !== version && `the newest section of CHANGELOG.md is not ${version}`,
    notesOf(changelog, version) === '' && `the section ${version} of CHANGELOG.md is empty`,
    notesOf(changelog, 'Unreleased') && 'CHANGELOG.md has changes under Unreleased: npm run release -- patch --prepare',
  ].filter((problem) => typeof problem === 'string' && problem !== '') as string[];
