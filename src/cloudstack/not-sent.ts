import { CallError } from '../errors.ts';

/** A request was held back here: nothing of it has left, and trying again at once cannot help. */
export class NotSent extends CallError {}

/**
 * Milliseconds that must be left for sending to make sense: what leaves later than that is given up before its answer can
 * come, and nobody knows what became of it.
 */
export const leastTime = 1000;

/** The time of the whole call was up before the request could leave. */
export const outOfTime = (command: string, why = 'no time was left for it'): NotSent =>
  new NotSent(
    'timeout',
    `${command}: ${why}; nothing was sent`,
    'Try again. CLOUDSTACK_MCP_CALL_TIMEOUT is the time for one call in all, with its look-ups and retries.',
  );

/** The caller gave up before the request could leave. */
export const givenUp = (command: string): NotSent =>
  new NotSent('cancelled', `${command}: cancelled before it was sent`, 'Nothing was sent.');
