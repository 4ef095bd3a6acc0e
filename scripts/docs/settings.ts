import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { withSettings } from '../../src/cli/options.ts';
import { envNameOf, secretSettings, settings } from '../../src/config/config.ts';
import { code, toTable } from './markdown.ts';

const flagOf = (setting: string): string => {
  const option = withSettings(new Command(), { serve: true }).options.find(
    (candidate) => candidate.attributeName() === setting,
  );
  if (!option?.long) throw new Error(`the command line has no flag for the setting ${setting}`);
  return option.long;
};

/** Every setting, from the schema that reads it. */
export const settingsTable = (): string =>
  toTable(
    ['flag', 'variable', 'key in the file', 'default', 'meaning'],
    Object.entries(settings.shape).map(([name, schema]) => {
      const initial = schema.parse(undefined);
      return [
        secretSettings.has(name) ? '' : code(flagOf(name)),
        secretSettings.has(name)
          ? `${code(envNameOf(name))}, ${code(`${envNameOf(name)}_FILE`)}`
          : code(envNameOf(name)),
        code(name),
        initial === '' ? '' : code(String(initial)),
        schema.description ?? '',
      ];
    }),
  );

/** Every environment variable that the configuration reads. */
export const variables: ReadonlySet<string> = (() => {
  const source = readFileSync('src/config/config.ts', 'utf8');
  const named = [...source.matchAll(/'(CLOUDSTACK_[A-Z_]*[A-Z])'/g)].map((match) => match[1]!);
  const secret = [...source.matchAll(/readSecret\(env, '([A-Z_]+)'\)/g)].map((match) => `${match[1]!}_FILE`);
  const inFiles = [...secretSettings].map((name) => `${envNameOf(name)}_FILE`);
  return new Set([...named, ...secret, ...inFiles, ...Object.keys(settings.shape).map(envNameOf)]);
})();
