import { InvalidArgumentError, Option, type Command } from 'commander';
import type * as Settings from '../config/settings.ts';

let loaded: typeof Settings | undefined;

/** Loads the schemas of the settings: before a command is built that takes their flags. */
export const loadSettings = async (): Promise<void> => {
  loaded ??= await import('../config/settings.ts');
};

const known = (): typeof Settings => {
  if (!loaded) throw new Error('A command takes the flags of settings, which were not loaded for it.');
  return loaded;
};

/** Names that are given as one word, by comma. */
export const toNames = (text: string): string[] => text.split(',').map((name) => name.trim());

/** What commander read: flags by their names in camelCase. */
export type Options = Record<string, unknown>;

/** Reads a flag's value as a whole number. */
export const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
};

/** The options of the settings: those of every command, and with `serve` also its own. */
const settingOptions = (serve: boolean): Option[] => {
  const { flagOf, secretSettings, serveSettings, settings } = known();
  return [
    new Option('--config <file>', 'configuration file (YAML or JSON)'),
    new Option('--credentials <source>', "profiles of another tool: cloudmonkey, cs, or such a file's path"),
    ...Object.entries(settings.shape).flatMap(([name, schema]) => {
      if (secretSettings.has(name) || (!serve && serveSettings.has(name))) return [];
      const initial = schema.parse(undefined);
      const value = typeof initial === 'boolean' ? (initial ? '[boolean]' : '') : '<value>';
      const shown = initial === '' || initial === false ? '' : ` (default: ${String(initial)})`;
      return [new Option(`${flagOf(name)} ${value}`.trim(), `${schema.description ?? ''}${shown}`)];
    }),
  ];
};

const globalHeading = 'Global options:';

/** Whether every command with settings has this option; the help lists those on request only. */
export const isGlobal = ({ helpGroupHeading }: Option): boolean => helpGroupHeading === globalHeading;

/** Adds a flag for every setting but secrets, `--config` and `--credentials`. */
export const withSettings = (command: Command, { serve = false } = {}): Command => {
  for (const option of settingOptions(serve)) {
    const isOwn = serve && known().serveSettings.has(option.attributeName());
    command.addOption(option.helpGroup(isOwn ? 'Settings:' : globalHeading));
  }
  return command;
};

/** The settings among a command's options. */
export const settingsOf = (options: Options): Options =>
  Object.fromEntries(
    ['config', 'credentials', ...Object.keys(known().settings.shape)].map((name) => [name, options[name]]),
  );
