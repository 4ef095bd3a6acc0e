import { createApp } from '../app/app.ts';
import { exit, printJson, printText, type Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { hasFailures } from './output.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';

/** `diagnose KIND ID question…`: what is wrong with a thing, as the tool of that name says it. */
export const runDiagnose = async (
  asked: Readonly<Record<'kind' | 'id' | 'question', string>>,
  { json, settings }: { json?: boolean; settings: Record<string, unknown> },
  io: Io,
): Promise<number> => {
  const config = await openConfig(settings, io);
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.diagnose({
      tool: 'diagnose',
      args: asked,
      view: {},
      wait: 0,
      caller: requesterAt(config, settings),
      consent: createTerminalConsent(io),
      signal: io.signal,
      progress: io.progress,
    });
    await (json ? printJson(io.stdout, outcome.structured, 2) : printText(io.stdout, outcome.text));
    return hasFailures(outcome) ? exit.failed : exit.done;
  } finally {
    await app.close();
  }
};
