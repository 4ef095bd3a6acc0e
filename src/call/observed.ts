import type { Facts } from '../audit/entry.ts';
import { beginsAnew } from '../consent.ts';
import { endingOf, type Ending } from '../observe.ts';
import type { CallRequest } from '../types.ts';
import type { Observer } from './composition.ts';

/** Runs a call and reports how it ended; `emit` takes what the steps find out. A plain call where no one observes. */
export const observed = async <T>(
  observer: Observer,
  request: CallRequest,
  run: (emit: (facts: Facts) => void, trace?: string) => Promise<T>,
): Promise<T> => {
  const { observe, tracing } = observer;
  if (!observe && !tracing) return run(() => undefined);
  const begun = performance.now();
  const facts: Facts = {};
  const emit = (more: Facts): void => void Object.assign(facts, more);
  const report = (ending: Ending): void =>
    observe?.({
      type: 'call',
      command: facts.command,
      risk: facts.risk,
      ending,
      seconds: (performance.now() - begun) / 1000,
    });
  const counted = async (trace?: string): Promise<T> => {
    try {
      const value = await run(emit, trace);
      report(facts.pending ? 'pending' : 'ok');
      return value;
    } catch (error) {
      if (!beginsAnew(error)) report(endingOf(error));
      throw error;
    }
  };
  if (!tracing) return counted();
  return tracing.call(request.origin, async (span) => {
    try {
      const value = await counted(span.traceId);
      span.end(facts, facts.pending ? 'pending' : 'ok');
      return value;
    } catch (error) {
      span.end(facts, endingOf(error));
      throw error;
    }
  });
};
