import { createApp } from '../app/app.ts';
import { escapeUnsafe, stripUnsafe } from '../text.ts';
import { exit, printLine, type Io } from './io.ts';
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
    });
    const text = json ? escapeUnsafe(JSON.stringify(outcome.structured, null, 2)) : stripUnsafe(outcome.text);
    await printLine(io.stdout, text);
    return hasFailures(outcome) ? exit.failed : exit.done;
  } finally {
    await app.close();
  }
};
