import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { createApp } from '../app/app.ts';
import { CallError } from '../errors.ts';
import { readArguments } from './arguments.ts';
import { exit, printJson, printText, type Io } from './io.ts';
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

/** `script run FILE key=value …`: the script of a file, as the tool `run-script` runs it; with `--plan` it becomes a plan. */
export const runScript = async (
  file: string,
  words: readonly string[],
  { json, plan, settings }: { json?: boolean; plan?: boolean; settings: Record<string, unknown> },
  io: Io,
): Promise<number> => {
  const config = await openConfig(settings, io);
  const code = await readCode(file, io);
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.runScript({
      tool: 'run-script',
      args: { code, inputs: readArguments(words, undefined), ...(plan ? { mode: 'plan' } : {}) },
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
