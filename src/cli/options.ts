import { InvalidArgumentError, type Command } from 'commander';
import { serveOnly } from '../config/http.ts';
import { secretSettings, settings } from '../config/config.ts';

/** What commander read: flags by their names in camelCase. */
export type Options = Record<string, unknown>;

/** Reads a flag's value as a whole number. */
export const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
};

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Adds a flag for every setting but secrets (`serve`: also for those of the HTTP door), `--config` and `--credentials`. */
export const withSettings = (command: Command, { serve = false } = {}): Command => {
  command.option('--config <file>', 'configuration file (YAML or JSON)');
  command.option('--credentials <source>', "profiles of another tool: cloudmonkey, cs, or such a file's path");
  for (const [name, schema] of Object.entries(settings.shape)) {
    if (secretSettings.has(name) || (!serve && serveOnly.has(name))) continue;
    const initial = schema.parse(undefined);
    const value = typeof initial === 'boolean' ? (initial ? '[boolean]' : '') : '<value>';
    const shown = initial === '' || initial === false ? '' : ` (default: ${String(initial)})`;
    command.option(`${flagOf(name)} ${value}`.trim(), `${schema.description ?? ''}${shown}`);
  }
  return command;
};

/** The settings among a command's options. */
export const settingsOf = (options: Options): Options =>
  Object.fromEntries(['config', 'credentials', ...Object.keys(settings.shape)].map((name) => [name, options[name]]));
