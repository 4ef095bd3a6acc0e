import type { CommandsFile } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { version } from '../version.ts';

/** The version of the program alone on the first line; then what its catalog knows, and since when. */
export const versionLines = (): string[] => {
  const { date, releases } = loadData<CommandsFile>('commands.json');
  return [version, `Catalog of ${date}: CloudStack ${releases.at(0)} to ${releases.at(-1)}`];
};
