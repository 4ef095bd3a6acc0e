import { cancel, confirm, isCancel, log, multiselect, note, password, select, spinner, text } from '@clack/prompts';
import { toEndpoint } from '../config/endpoint.ts';
import { CallError } from '../errors.ts';
import { findClouds, sources, type FoundCloud } from '../setup/credential-sources.ts';
import type { Host } from '../setup/hosts.ts';
import { roles, type SetupRole } from '../setup/own-files.ts';
import type { System } from '../setup/system.ts';
import type { Io } from './io.ts';

/** What a person at a terminal is asked; without one, the flags say everything. */
export interface SetupQuestions {
  cloud(system: System): Promise<FoundCloud | 'simulator'>;
  keys(): Promise<boolean>;
  again(problem: string): Promise<boolean>;
  role(): Promise<SetupRole>;
  hosts(all: readonly Host[]): Promise<Host[]>;
  confirmFiles(lines: readonly string[]): Promise<boolean>;
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
}

const notEmpty = (value: string | undefined): string | undefined =>
  value?.trim() ? undefined : 'A value is required.';

/** Asks at the terminal, on standard error. Throws a CallError where the person leaves. */
export const createQuestions = ({ stdin, stderr, signal }: Io): SetupQuestions => {
  const at = { input: stdin, output: stderr, signal };
  const answered = async <T>(asked: Promise<T>): Promise<Exclude<T, symbol>> => {
    const value = await asked;
    // The one symbol that a prompt gives is the one of leaving.
    if (!isCancel(value)) return value as Exclude<T, symbol>;
    cancel('Nothing was written.', at);
    throw new CallError('cancelled', 'init was cancelled.', 'Nothing was written.');
  };
  const typed = async (): Promise<FoundCloud> => {
    const url = await answered(
      text({
        ...at,
        message: 'URL of the cloud',
        placeholder: 'https://cloud.example.com',
        validate: (value) =>
          toEndpoint(value ?? '') ? undefined : 'It looks like https://cloud.example.com/client/api.',
      }),
    );
    const way = await answered(
      select({
        ...at,
        message: 'How do you prove who you are?',
        options: [
          { value: 'pair', label: 'API key and secret key', hint: 'web interface: your user, tab Details' },
          { value: 'login', label: 'user name and password' },
        ],
      }),
    );
    const from = 'what you typed';
    if (way === 'pair')
      return {
        from,
        url,
        apiKey: (await answered(text({ ...at, message: 'API key', validate: notEmpty }))).trim(),
        secretKey: (await answered(password({ ...at, message: 'Secret key', validate: notEmpty }))).trim(),
      };
    const username = (await answered(text({ ...at, message: 'User name', validate: notEmpty }))).trim();
    const secret = await answered(password({ ...at, message: 'Password', validate: notEmpty }));
    const domain = (await answered(text({ ...at, message: 'Domain (empty: ROOT)', defaultValue: '' }))).trim();
    return { from, url, username, password: secret, domain: domain || undefined };
  };
  return {
    cloud: async (system) => {
      const found = (await Promise.all(sources.map((source) => findClouds(source, system)))).flat();
      const options = [
        ...found.map((cloud, index) => ({ value: String(index), label: cloud.from, hint: cloud.url })),
        { value: 'typed', label: 'another cloud', hint: 'you type its URL' },
        { value: 'simulator', label: 'no cloud yet', hint: 'the built-in simulator' },
      ];
      const chosen = await answered(select({ ...at, message: 'Which cloud?', options }));
      if (chosen === 'simulator') return 'simulator';
      return chosen === 'typed' ? typed() : found[Number(chosen)]!;
    },
    keys: () =>
      answered(
        confirm({
          ...at,
          message:
            "Use the user's API key pair instead of the password? It is read once, and created if there is none.",
        }),
      ),
    again: async (problem) => {
      log.error(problem, at);
      return answered(confirm({ ...at, message: 'Try again with another cloud or credential?' }));
    },
    role: () =>
      answered(
        select<SetupRole>({
          ...at,
          message: 'What may assistants do?',
          options: Object.entries(roles).map(([value, hint]) => ({ value: value as SetupRole, label: value, hint })),
        }),
      ),
    hosts: async (all) => {
      const chosen = await answered(
        multiselect({
          ...at,
          message: 'Which hosts? (space chooses)',
          options: all.map(({ id, title, isInstalled }) => ({
            value: id,
            label: title,
            ...(isInstalled ? { hint: 'is here' } : {}),
          })),
          initialValues: all.filter(({ isInstalled }) => isInstalled).map(({ id }) => id),
          required: false,
        }),
      );
      return all.filter(({ id }) => chosen.includes(id));
    },
    confirmFiles: async (lines) => {
      note(lines.join('\n'), 'These files are written', at);
      return answered(confirm({ ...at, message: 'Continue?' }));
    },
    during: async (what, work) => {
      const shown = spinner(at);
      shown.start(what);
      try {
        const done = await work();
        shown.stop(`${what}: answered`);
        return done;
      } catch (error) {
        shown.error(`${what}: no`);
        throw error;
      }
    },
  };
};
