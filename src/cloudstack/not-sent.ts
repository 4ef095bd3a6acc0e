import { CallError } from '../errors.ts';

/** A request that was not sent; an immediate retry cannot help. */
export class NotSent extends CallError {}

/**
 * Milliseconds that must be left to send a request: one that is sent later would time out before its answer can arrive, and
 * its outcome would be unknown.
 */
export const minTimeMs = 1000;

/** The deadline of the call passed before the request could be sent. */
export const outOfTime = (command: string, why = 'no time was left for it'): NotSent =>
  new NotSent(
    'timeout',
    `${command}: ${why}; nothing was sent`,
    'Try again. CLOUDSTACK_MCP_CALL_TIMEOUT is the time for one call in all, with its look-ups and retries.',
  );

/** The caller cancelled before the request could be sent. */
export const cancelledBeforeSending = (command: string): NotSent =>
  new NotSent('cancelled', `${command}: cancelled before it was sent`, 'Nothing was sent.');
