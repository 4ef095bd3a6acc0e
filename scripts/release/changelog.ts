/** One version of CHANGELOG.md: its heading line and the text below it. */
interface Section {
  name: string;
  text: string;
}

const heading = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/gm;

const sectionsOf = (changelog: string): Section[] => {
  const found = [...changelog.matchAll(heading)];
  return found.map((match, index) => ({
    name: match[1]!,
    text: changelog.slice(match.index + match[0].length, found[index + 1]?.index).trim(),
  }));
};

/** The text of a version's section, without its heading; undefined where there is none. */
export const notesOf = (changelog: string, version: string): string | undefined =>
  sectionsOf(changelog).find(({ name }) => name === version)?.text;

/** The newest released version; undefined before the first. */
export const latestVersion = (changelog: string): string | undefined =>
  sectionsOf(changelog).find(({ name }) => name !== 'Unreleased')?.name;

/** The changelog with everything under Unreleased as the section of a version. `date` is YYYY-MM-DD. Throws where nothing is there. */
export const closeUnreleased = (changelog: string, version: string, date: string): string => {
  if (!notesOf(changelog, 'Unreleased')) throw new Error('CHANGELOG.md: nothing stands under Unreleased');
  if (notesOf(changelog, version) !== undefined) throw new Error(`CHANGELOG.md: ${version} has a section already`);
  return changelog.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${date}\n`);
};
