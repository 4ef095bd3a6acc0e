import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import type { App } from '../app/app.ts';
import { CallError, type ErrorKind } from '../errors.ts';
import { AwaitingReply } from '../consent.ts';
import type { ReportError } from './core.ts';
import type { Limits } from './limits.ts';

/** What the calls of the last minute were like. */
export interface Figures {
  calls: number;
  /** Calls that failed for no fault of the caller's. */
  failed: number;
  /** Milliseconds. */
  mean: number;
  slowest: number;
}

const seconds = 60;
const failures: ReadonlySet<ErrorKind> = new Set(['unavailable', 'timeout', 'unknown-outcome', 'protocol', 'capacity']);

interface Slot {
  second: number;
  calls: number;
  failed: number;
  total: number;
  slowest: number;
}

const createFigures = () => {
  const slots: Slot[] = [];
  const now = (): number => Math.floor(Date.now() / 1000);
  const prune = (): void => {
    while (slots[0] && slots[0].second <= now() - seconds) slots.shift();
  };
  return {
    add: (duration: number, failed: boolean): void => {
      prune();
      let slot = slots.at(-1);
      if (slot?.second !== now()) slots.push((slot = { second: now(), calls: 0, failed: 0, total: 0, slowest: 0 }));
      slot.calls++;
      slot.failed += failed ? 1 : 0;
      slot.total += duration;
      slot.slowest = Math.max(slot.slowest, duration);
    },
    read: (): Figures => {
      prune();
      const sum = (of: (slot: Slot) => number): number => slots.reduce((all, slot) => all + of(slot), 0);
      const calls = sum((slot) => slot.calls);
      return {
        calls,
        failed: sum((slot) => slot.failed),
        mean: calls ? Math.round(sum((slot) => slot.total) / calls) : 0,
        slowest: Math.max(0, ...slots.map(({ slowest }) => slowest)),
      };
    },
  };
};

/** The app's `call` for many users: counted and timed; once `returnPending` is aborted, running jobs are returned as pending. */
export const measure = (app: Pick<App, 'call'>, limits: Limits, returnPending: AbortSignal, report: ReportError) => {
  const figures = createFigures();
  const call: App['call'] = async (request) => {
    const begun = Date.now();
    let failed = false;
    try {
      return await limits.run(request.caller.principal, () => app.call({ ...request, returnPending }));
    } catch (error) {
      if (error instanceof AwaitingReply) throw error;
      failed = !(error instanceof CallError) || failures.has(error.kind);
      if (error instanceof CallError) throw error;
      // A bug: its text is for the operator, who finds it by its number.
      const reference = randomUUID();
      report(
        `bug ${reference}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        request.origin,
      );
      throw new ProtocolError(ProtocolErrorCode.InternalError, `Internal error ${reference}`);
    } finally {
      figures.add(Date.now() - begun, failed);
    }
  };
  return { call, figures: figures.read };
};
