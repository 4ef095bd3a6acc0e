import type { Writable } from 'node:stream';
import { createApp } from '../app/app.ts';
import type { Config } from '../config/config.ts';
import type { Consent } from '../consent.ts';
import type { DoorRequest, Outcome } from '../types.ts';

/** Who asks, and what of the program that needs. */
export interface WhoIsOptions {
  stderr: Writable;
  signal: AbortSignal;
  /** Where nothing else is said, the configuration's principal at this machine. */
  caller?: DoorRequest['caller'];
  /** Asks the user where a policy wants it; without it no one can be asked. */
  consent?: Consent;
  /** Receives what the app has to say beside; without it that goes to `stderr`. */
  report?: (line: string) => void;
}

/** Who calls at this machine, for a configuration that was made for one question. */
export const callerOf = ({ principal }: Config): DoorRequest['caller'] => ({
  principal,
  host: 'cli',
  isLocal: true,
  profile: undefined,
});

/** Asks the cloud who the configuration's profile is there. Throws the CallError that says why it cannot be asked. */
export const whoIs = async (
  config: Config,
  { stderr, signal, caller = callerOf(config), consent = () => Promise.resolve(undefined), report }: WhoIsOptions,
): Promise<Outcome> => {
  const app = createApp(config, { stderr, ...(report ? { report } : {}) });
  try {
    return await app.whoami({ tool: 'whoami', args: {}, view: {}, wait: 0, caller, consent, signal });
  } finally {
    await app.close();
  }
};
