import {
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api';

/** https://www.w3.org/TR/trace-context/: later versions may say more after the flags, version ff is none. */
const form = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const maxStateLength = 512;

/** The context that a host's `traceparent` and `tracestate` stand for; an empty one when they make no sense. */
export const readTraceContext = ({ traceparent = '', tracestate }: Readonly<Record<string, string>> = {}): Context => {
  const [, version, traceId = '', spanId = '', flags = '0', more] = form.exec(traceparent.trim()) ?? [];
  const remote: SpanContext = {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate && tracestate.length <= maxStateLength ? { traceState: createTraceState(tracestate) } : {}),
  };
  if ((version === '00' && more) || !isSpanContextValid(remote)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, remote);
};

/** The headers that carry a span on. */
export const writeTraceContext = ({
  traceId,
  spanId,
  traceFlags,
  traceState,
}: SpanContext): Readonly<Record<string, string>> => {
  const state = traceState?.serialize();
  return {
    traceparent: `00-${traceId}-${spanId}-0${traceFlags & 1}`,
    ...(state ? { tracestate: state } : {}),
  };
};
