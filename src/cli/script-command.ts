import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { createApp } from '../app/app.ts';
import { CallError } from '../errors.ts';
import { isScriptName, loadStoredScripts, requireStoredScript } from '../script/stored.ts';
import { toLabel } from '../text.ts';
import { readArguments } from './arguments.ts';
import { exit, printJson, printLine, printText, type Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';

const readCode = async (file: string, { stdin }: Io): Promise<string> => {
  if (file === '-') return text(stdin);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CallError(
      'configuration',
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'failed'}).`,
      'Name the file of the script, or - for standard input.',
    );
  }
};

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
  const script = isStored ? { name: file } : { code: await readCode(file, io) };
  const mode = dryRun ? 'dry-run' : plan ? 'plan' : 'run';
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.runScript({
      tool: 'run-script',
      args: { ...script, inputs: readArguments(words, undefined), mode },
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
