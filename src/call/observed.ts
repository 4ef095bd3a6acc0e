import type { Facts } from '../audit/entry.ts';
import { endingOf, type Ending, type Observe, type Tracing } from '../observe.ts';
import type { CallRequest } from '../types.ts';

/** Who is told of calls: whoever counts them, and whoever traces them. */
export interface Watchers {
  observe?: Observe | undefined;
  tracing?: Tracing | undefined;
}

/** Runs a step of a call: as a span where calls are traced, else as it is. */
export const stepOf = ({ tracing }: Watchers): Tracing['step'] => tracing?.step ?? ((_name, run) => run());

/** Runs a call and tells the watchers how it ended; `learn` hands them what the steps find out. A plain call without any. */
export const watched = async <T>(
  watchers: Watchers,
  request: CallRequest,
  run: (learn: (facts: Facts) => void, trace?: string) => Promise<T>,
): Promise<T> => {
  const { observe, tracing } = watchers;
  if (!observe && !tracing) return run(() => undefined);
  const begun = performance.now();
  const facts: Facts = {};
  const learn = (learned: Facts): void => void Object.assign(facts, learned);
  const told = (ending: Ending): void =>
    observe?.({
      type: 'call',
      command: facts.command,
      risk: facts.risk,
      ending,
      seconds: (performance.now() - begun) / 1000,
    });
  const counted = async (trace?: string): Promise<T> => {
    try {
      const value = await run(learn, trace);
      told(facts.pending ? 'pending' : 'ok');
      return value;
    } catch (error) {
      told(endingOf(error));
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
