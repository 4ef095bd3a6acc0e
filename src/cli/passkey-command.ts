import { openPasskeys } from '../app/guard.ts';
import { CallError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import { toQuoted } from '../text.ts';
import { exit, printText, type Io } from './io.ts';
import { openConfig } from './open-config.ts';

/** `passkey reset PRINCIPAL`: takes all passkeys of someone who has lost theirs; never without a terminal. */
export const resetPasskeys = async (principal: string, settings: Record<string, unknown>, io: Io): Promise<number> => {
  if (!io.stdin.isTTY)
    throw new CallError(
      'unconfirmed',
      'Only a person at a terminal can do this.',
      'Run it in an interactive terminal.',
    );
  const config = await openConfig(settings, io);
  const store = openStore(config, { report: (message) => void printText(io.stderr, message) });
  try {
    const isDone = await openPasskeys(config, store).reset(principal);
    if (!isDone)
      throw new CallError(
        'not-found',
        `${toQuoted(principal, 60)} has no passkey here.`,
        'Names are as in the audit log.',
      );
    await printText(io.stdout, `${toQuoted(principal, 60)} no longer has a passkey, and can add one on the page.`);
    return exit.done;
  } finally {
    await store.close();
  }
};
