import type { CommandsFile } from './types.ts';

/** A JSON array with one element a line, so that a diff shows what changed. */
export const formatLines = (rows: readonly unknown[]): string =>
  `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`;

/** The text of data/commands.json: the release axis, then one command a line, sorted by name. */
export const formatCommands = ({ releases, commands }: CommandsFile): string => {
  const sorted = [...commands].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `{"releases":${JSON.stringify(releases)},"commands":${formatLines(sorted).trimEnd()}}\n`;
};
