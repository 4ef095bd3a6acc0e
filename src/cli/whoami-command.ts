import { whoIs } from '../setup/who-is.ts';
import { openConfig } from './open-config.ts';
import { exit, type Format, type Io } from './io.ts';
import { hasFailures, printOutcome } from './output.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';

/** The flags of `whoami`. */
export interface WhoamiFlags {
  output: Format;
  settings: Record<string, unknown>;
}

/** `whoami`: who a profile is to its cloud and what it may do there; with `--profile '*'`, each of them. */
export const runWhoami = async ({ output, settings }: WhoamiFlags, io: Io): Promise<number> => {
  const config = await openConfig(settings, io);
  const outcome = await whoIs(config, {
    stderr: io.stderr,
    signal: io.signal,
    caller: requesterAt(config, settings),
    consent: createTerminalConsent(io),
  });
  await printOutcome(outcome, output, io);
  return hasFailures(outcome) ? exit.failed : exit.done;
};
