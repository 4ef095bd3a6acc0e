import { randomUUID } from 'node:crypto';
import type { Origin } from '../observe.ts';
import type { Refusal } from '../telemetry/instruments.ts';

/** What is known of one HTTP request: for its log line, its metrics and its calls. */
export interface RequestContext extends Origin {
  request: string;
  trace?: string;
  principal?: string;
  /** The client's address, as far as it is known. */
  client?: string;
  refused?: Refusal;
  /** A subscription: it stays open on purpose, so its duration is not measured. */
  lasting?: boolean;
}

/** Ids that proxies give requests; anything else could be made to look like something in a log. */
const sane = /^[\w.:+/=-]{1,128}$/;

/** Creates the context of a request, with the id that it came with or a new one. */
export const createRequestContext = ({ headers }: Request): RequestContext => {
  const given = headers.get('x-request-id') ?? '';
  const traceparent = headers.get('traceparent');
  const tracestate = headers.get('tracestate');
  const context: RequestContext = {
    request: sane.test(given) ? given : randomUUID(),
    ...(traceparent ? { parent: { traceparent, ...(tracestate ? { tracestate } : {}) } } : {}),
    onTrace: (trace) => (context.trace = trace),
  };
  return context;
};

const reasons: Readonly<Record<number, Refusal>> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  405: 'malformed',
  406: 'malformed',
  408: 'slow',
  413: 'too-large',
  415: 'malformed',
};

/** Why the door refused a request; undefined when it did not. */
export const refusalOf = ({ refused }: RequestContext, route: string, status: number): Refusal | undefined =>
  refused ?? (route === '/mcp' ? reasons[status] : undefined);
