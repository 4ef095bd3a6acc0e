import type { Config } from '../config/config.ts';
import type { DoorRequest } from '../types.ts';

/**
 * Who calls at a terminal. Only the flag `--profile` asks for a profile; the configured one is the server's own, which
 * gives way to the principal's.
 */
export const requesterAt = (
  { principal }: Pick<Config, 'principal'>,
  { profile }: Readonly<Record<string, unknown>>,
): DoorRequest['caller'] => ({
  principal,
  host: 'cli',
  isLocal: true,
  profile: profile as string | undefined,
});
