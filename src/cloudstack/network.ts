import { CallError } from '../errors.ts';
import { hintFor } from './classify.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

// What can only happen before a request has left.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS/;

/** Codes of an error and of those that caused it. */
const codesOf = (error: unknown): string[] => {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(codesOf) : codesOf(error.cause);
  return ['code' in error ? String(error.code) : '', ...inner].filter(Boolean);
};

/**
 * Sends once, within `timeout` milliseconds, and says in the error what is known: for a change that may have arrived the
 * outcome is unknown.
 */
export const sendOnce = async (
  transport: Transport,
  command: string,
  request: HttpRequest,
  { timeout, changes }: { timeout: number; changes: boolean },
): Promise<HttpResponse> => {
  // One controller instead of AbortSignal.any and .timeout, which cost more than signing does.
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, timeout);
  request.signal.addEventListener('abort', abort, { once: true });
  if (request.signal.aborted) abort();
  try {
    return await transport.send({ ...request, signal: stop.signal });
  } catch (error) {
    throw explain(error, command, request, changes, timedOut ? timeout : undefined);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', abort);
  }
};

const explain = (
  error: unknown,
  command: string,
  request: HttpRequest,
  changes: boolean,
  timedOut: number | undefined,
): unknown => {
  const codes = codesOf(error);
  const isRead = !changes;
  const host = new URL(request.url).host;
  const fail = (kind: CallError['kind'], message: string, hint = hintFor(kind)): CallError =>
    new CallError(kind, `${command}: ${message}`, hint, { cause: error });
  if (codes.some((code) => neverSent.has(code)))
    return fail(
      'unavailable',
      `no connection to ${host} (${codes.join(', ')}); nothing was sent`,
      'Is CLOUDSTACK_API_URL right, and the management server up and reachable from here?',
    );
  if (codes.some((code) => certificate.test(code)))
    return fail(
      'unavailable',
      `the certificate of ${host} is not trusted (${codes.join(', ')}); nothing was sent`,
      'Point NODE_EXTRA_CA_CERTS at the certificate of the authority that signed it.',
    );
  if (request.signal.aborted && timedOut === undefined)
    return isRead
      ? fail('cancelled', 'cancelled', 'Nothing was changed.')
      : fail('unknown-outcome', 'cancelled after it was sent; whether it happened is unknown');
  // Neither the network nor the clock: a bug, which must look like one.
  if (isRead && timedOut === undefined && codes.length === 0) return error;
  const what =
    timedOut === undefined
      ? `the connection broke (${codes.join(', ') || String(error)})`
      : `no answer within ${timedOut / 1000} s`;
  if (isRead) return fail(timedOut === undefined ? 'unavailable' : 'timeout', what);
  return fail('unknown-outcome', `${what}; it was sent once, and whether it happened is unknown`);
};
