import { createApp } from '../app/app.ts';
import { exit, printLine, type Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';

/** `export WHAT… --as FORMAT`: prints the text of it alone, so that it can go into a file. */
export const runExport = async (
  args: Readonly<Record<string, unknown>>,
  settings: Record<string, unknown>,
  io: Io,
): Promise<number> => {
  const config = await openConfig(settings, io);
  const app = createApp(config, { stderr: io.stderr });
  try {
    const outcome = await app.export({
      tool: 'export',
      args,
      view: {},
      wait: 0,
      caller: requesterAt(config, settings),
      consent: createTerminalConsent(io),
      signal: io.signal,
    });
    await printLine(io.stdout, outcome.text.trimEnd());
    return exit.done;
  } finally {
    await app.close();
  }
};
