import { createApp } from '../app/app.ts';
import { CallError } from '../errors.ts';
import type { PlanAsked } from '../plan/plan.ts';
import { isRecord } from '../rows.ts';
import { readNamed } from './given-values.ts';
import { exit, printJson, printText, type Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';

type Calls = readonly { tool: string; arguments: Record<string, unknown> }[];

/** The calls of a file: a list in JSON or YAML, or one JSON object a line. Throws a configuration error for anything else. */
const readCalls = async (path: string, io: Io): Promise<Calls> => {
  const text = await readNamed(path, io);
  let given: unknown;
  try {
    const lines = text.split('\n').filter((line) => line.trim());
    given =
      lines.length > 1 && lines.every((line) => line.startsWith('{'))
        ? lines.map((line) => JSON.parse(line) as unknown)
        : ((await import('yaml')).default.parse(text) as unknown);
  } catch (error) {
    throw new CallError('configuration', `The plan ${path} cannot be read: ${(error as Error).message}`, '');
  }
  const calls = [given].flat();
  const wrong = calls.findIndex((one) => !isRecord(one) || typeof one['tool'] !== 'string');
  if (wrong >= 0 || !calls.length)
    throw new CallError(
      'configuration',
      `Call ${wrong + 1} in ${path} names no tool.`,
      'Write a list of calls, each with tool and arguments: [{"tool": "create-network", "arguments": {…}}].',
    );
  return (calls as Record<string, unknown>[]).map(({ tool, arguments: args }) => ({
    tool: tool as string,
    arguments: isRecord(args) ? args : {},
  }));
};

const toAsked = async (action: string, given: string | undefined, io: Io): Promise<PlanAsked> => {
  if (action === 'make') return { action, calls: await readCalls(given!, io), riskTool: 'destroy' };
  if (action === 'show' && given === undefined) return { action: 'list' };
  return { action: action as 'show', id: given! };
};

/** `plan …` and `undo …`: several changes as one, for a person at a terminal. */
export const runPlan = async (
  action: 'make' | 'show' | 'diff' | 'apply' | 'discard' | 'undo',
  given: string | undefined,
  flags: { json?: boolean; settings: Record<string, unknown> },
  io: Io,
): Promise<number> => {
  const config = await openConfig(flags.settings, io);
  const asked = await toAsked(action, given, io);
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.plan(
      {
        tool: action === 'undo' ? action : 'plan',
        args: { ...asked },
        view: {},
        wait: config.wait * 1000,
        caller: requesterAt(config, flags.settings),
        consent: createTerminalConsent(io),
        signal: io.signal,
        progress: io.progress,
      },
      asked,
    );
    if (flags.json) await printJson(io.stdout, outcome.structured, 2);
    else await printText(io.stdout, outcome.text);
    return exit.done;
  } finally {
    await app.close();
  }
};
