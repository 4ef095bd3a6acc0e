import { randomUUID } from 'node:crypto';
import type { Origin } from '../observe.ts';
import type { Refusal } from '../telemetry/instruments.ts';

/** What is learned of one HTTP request on its way through the door: for its log line, its metrics, its calls. */
export interface Exchange extends Origin {
  request: string;
  trace?: string;
  principal?: string;
  refused?: Refusal;
  /** It goes on for its own sake: how long it took says nothing. */
  lasting?: boolean;
}

/** Ids that proxies give requests; anything else could be made to look like something in a log. */
const sane = /^[\w.:+/=-]{1,128}$/;

/** Begins an exchange: with the id that the request came with, or a new one. */
export const beginExchange = ({ headers }: Request): Exchange => {
  const given = headers.get('x-request-id') ?? '';
  const traceparent = headers.get('traceparent');
  const tracestate = headers.get('tracestate');
  const exchange: Exchange = {
    request: sane.test(given) ? given : randomUUID(),
    ...(traceparent ? { parent: { traceparent, ...(tracestate ? { tracestate } : {}) } } : {}),
    onTrace: (trace) => (exchange.trace = trace),
  };
  return exchange;
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

/** Why the door refused a request; undefined where it did not. */
export const refusalOf = ({ refused }: Exchange, route: string, status: number): Refusal | undefined =>
  refused ?? (route === '/mcp' ? reasons[status] : undefined);
