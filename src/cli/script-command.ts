import { userInfo } from 'node:os';
import { createApp } from '../app/app.ts';
import { CallError } from '../errors.ts';
import type { StandingScriptAsked } from '../script/standing.ts';
import { isScriptName, loadStoredScripts, requireStoredScript } from '../script/stored.ts';
import { toLabel } from '../text.ts';
import { readArguments } from './arguments.ts';
import { readNamed } from './given-values.ts';
import { exit, printJson, printLine, printText, type Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';

/** `script run FILE key=value …`: the script of a file, as the tool `run-script` runs it, or a stored one by its name; with `--plan` it becomes a plan. */
export const runScript = async (
  file: string,
  words: readonly string[],
  {
    json,
    plan,
    dryRun,
    settings,
  }: { json?: boolean; plan?: boolean; dryRun?: boolean; settings: Record<string, unknown> },
  io: Io,
): Promise<number> => {
  const config = await openConfig(settings, io);
  // A word without a dot or a slash is a name where the operator stores scripts.
  const isStored = config.scriptFolder !== '' && isScriptName(file);
  const script = isStored ? { name: file } : { code: await readNamed(file, io) };
  const mode = dryRun ? 'dry-run' : plan ? 'plan' : 'run';
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.runScript({
      tool: 'run-script',
      args: { ...script, inputs: readArguments(words, undefined, io), mode },
      view: {},
      wait: 0,
      caller: requesterAt(config, settings),
      consent: createTerminalConsent(io),
      signal: io.signal,
      progress: io.progress,
    });
    await (json ? printJson(io.stdout, outcome.structured, 2) : printText(io.stdout, outcome.text));
    return exit.done;
  } finally {
    await app.close();
  }
};

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `10m`, `2h`, `1d`; undefined for anything else. */
const readSpan = (given: string): number | undefined => {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(given) ?? [];
  return count === undefined ? undefined : Number(count) * unitMs[unit as keyof typeof unitMs];
};

const readTime = (flag: string, given: string, now: number): number => {
  const span = readSpan(given);
  const time = span === undefined ? Date.parse(given) : now + span;
  if (!Number.isNaN(time)) return time;
  throw new CallError('configuration', `${flag} ${toLabel(given, 40)} is not a time.`, 'Write 30d, 12h or 2030-12-31.');
};

/** The bounds of a standing approval as they were typed. */
export interface StandingFlags {
  for: string;
  times: number;
  per?: string;
  until: string;
}

/** `script approve NAME`, `script approvals`, `script revoke ID`: standing approvals of stored scripts. */
export const runStanding = async (
  asked: { action: 'give'; name: string; flags: StandingFlags } | Exclude<StandingScriptAsked, { action: 'give' }>,
  { json, settings }: { json?: boolean; settings: Record<string, unknown> },
  io: Io,
): Promise<number> => {
  const config = await openConfig(settings, io);
  const now = Date.now();
  const read = (): StandingScriptAsked => {
    if (asked.action !== 'give') return asked;
    const { name, flags } = asked;
    if (!io.stdin.isTTY)
      throw new CallError(
        'unconfirmed',
        'Only a person at a terminal can approve.',
        'Run it in an interactive terminal.',
      );
    return {
      action: 'give',
      name,
      principals: flags.for.split(',').map((one) => one.trim()),
      times: flags.times,
      per: flags.per === undefined ? undefined : readTime('--per', flags.per, 0),
      until: readTime('--until', flags.until, now),
      user: userInfo().username,
    };
  };
  const standing = read();
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.standing(
      {
        tool: 'script',
        args: {},
        view: {},
        wait: 0,
        caller: requesterAt(config, settings),
        consent: createTerminalConsent(io),
        signal: io.signal,
      },
      standing,
    );
    await (json ? printJson(io.stdout, outcome.structured, 2) : printText(io.stdout, outcome.text));
    return exit.done;
  } finally {
    await app.close();
  }
};

/** `script list`: the stored scripts, with their versions. */
export const listScripts = async ({ settings }: { settings: Record<string, unknown> }, io: Io): Promise<number> => {
  const { scriptFolder } = await openConfig(settings, io);
  const scripts = loadStoredScripts(scriptFolder);
  for (const { name, digest, summary } of scripts)
    await printLine(io.stdout, `${name} ${digest.slice(0, 12)} ${toLabel(summary, 100)}`);
  if (!scripts.length)
    await printLine(
      io.stdout,
      scriptFolder ? 'There are no stored scripts.' : 'The setting scriptFolder names no folder.',
    );
  return exit.done;
};

/** `script show NAME`: its version, its inputs and its text. */
export const showScript = async (
  name: string,
  { settings }: { settings: Record<string, unknown> },
  io: Io,
): Promise<number> => {
  const { scriptFolder } = await openConfig(settings, io);
  const { digest, summary, inputs, code } = requireStoredScript(scriptFolder, name);
  const lines = [
    `${name} ${digest}`,
    summary,
    ...inputs.map(
      (one) =>
        `  ${one.name}: ${one.type}${one.required ? '' : ' (optional)'}${one.description ? ` - ${one.description}` : ''}`,
    ),
    '',
    code.trimEnd(),
  ];
  await printLine(io.stdout, lines.join('\n'));
  return exit.done;
};
