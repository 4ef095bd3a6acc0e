import { readFileSync } from 'node:fs';
import { envNameOf, flagOf, secretSettings, settings } from '../../src/config/settings.ts';
import { code, toTable } from './markdown.ts';

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
  const source = ['config', 'places'].map((name) => readFileSync(`src/config/${name}.ts`, 'utf8')).join('\n');
  const named = [...source.matchAll(/'(CLOUDSTACK_[A-Z_]*[A-Z])'/g)].map((match) => match[1]!);
  const secret = [...source.matchAll(/readSecret\(env, '([A-Z_]+)'\)/g)].map((match) => `${match[1]!}_FILE`);
  const inFiles = [...secretSettings].map((name) => `${envNameOf(name)}_FILE`);
  return new Set([...named, ...secret, ...inFiles, ...Object.keys(settings.shape).map(envNameOf)]);
})();
