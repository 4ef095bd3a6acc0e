import { CallError } from '../errors.ts';
import { endingOf, type Ending } from '../observe.ts';
import { hintFor } from './classify.ts';
import { findConnectionProblem } from './connection-problem.ts';
import type { Endpoint } from './endpoint.ts';
import { Unreadable } from './envelope.ts';
import { cancelledBeforeSending, minTimeMs, outOfTime } from './not-sent.ts';
import {
  createStop,
  notStarted,
  proxyRefused,
  proxyUnreachable,
  tooLarge,
  type HttpRequest,
  type HttpResponse,
} from './transport.ts';

/** How one request is sent, and what its answer is read as. */
export interface Sending<T> {
  command: string;
  /** Aborted by a caller that gives up. */
  signal: AbortSignal;
  /** Whether it may change something once it has left. */
  changes: boolean;
  /** Whose share of the places to wait in it takes. */
  principal?: string | undefined;
  /** Milliseconds to wait for the answer once it has left. */
  timeout: number;
  /** Milliseconds since 1970 when the call's time is up. */
  deadline?: number | undefined;
  /** Also where the circuit is open: it is the probe, or part of it. */
  probing?: boolean | undefined;
  /** Called when it is sent. */
  onSent?: (() => void) | undefined;
  /** Reads the response; throws if it is an error. */
  read: (response: HttpResponse) => T;
}

// Errors that can only happen before a request is sent.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  proxyRefused,
  proxyUnreachable,
]);
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS/;

/** A TLS handshake with something that speaks none; nothing is sent before it ends. */
const noTls = /ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/;
/** Bytes that are no HTTP, such as a TLS alert. */
const noHttp = /^HPE_(?:INVALID_CONSTANT|INVALID_VERSION)$/;

/** Codes of an error and of those that caused it. */
const codesOf = (error: unknown): string[] => {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(codesOf) : codesOf(error.cause);
  if (!('code' in error) || error.code === undefined) return inner;
  // A connection that was there can also find that its host is unreachable: what was sent on it has left.
  const wasThere = 'syscall' in error && (error.syscall === 'read' || error.syscall === 'write');
  return [`${wasThere ? `${String(error.syscall)} ` : ''}${String(error.code)}`, ...inner].filter(Boolean);
};

/** A time-out shorter than this (milliseconds) does not show that the endpoint is down. */
const minConclusiveMs = 5000;

/** What is wrong with a single request (too long, forbidden, too many) says nothing about the endpoint. */
const meansDown = (status = 0): boolean => status < 400 || status >= 500 || status === 404;

/** Whether an error is an answer that shows that the endpoint is up: from CloudStack itself or its proxy. */
export const isAnswer = (error: unknown): boolean =>
  error instanceof CallError && error.code !== undefined && !(error instanceof Unreadable && meansDown(error.code));

/**
 * Sends once, as soon as a connection is free, and says in the error what is known: what was not sent, and for a change
 * that may have arrived, that the outcome is unknown. Reports the result to the circuit.
 */
export const sendOnce = async <T>(endpoint: Endpoint, request: HttpRequest, sending: Sending<T>): Promise<T> => {
  const { semaphore, circuit, observe } = endpoint;
  const { command, signal, principal, timeout, deadline = Infinity, probing } = sending;
  const least = Math.min(minTimeMs, timeout);
  const turn = semaphore.acquire({ command, principal, signal, deadline: deadline - least });
  if (turn) await turn;
  let begun: number | undefined;
  let ending: Ending = 'ok';
  let answered: boolean | undefined = true;
  try {
    if (signal.aborted) throw cancelledBeforeSending(command);
    if (!probing && circuit.isOpen()) throw circuit.refusal(command);
    const left = deadline - Date.now();
    if (left < least) throw outOfTime(command);
    begun = performance.now();
    sending.onSent?.();
    return await sendAndRead(endpoint, request, sending, Math.min(timeout, left));
  } catch (error) {
    ending = endingOf(error);
    // A caller that gave up says nothing about the cloud, and neither does a bug.
    answered = isAnswer(error) || (signal.aborted || ending === 'bug' ? undefined : false);
    throw error;
  } finally {
    semaphore.release();
    if (observe && begun !== undefined)
      observe({
        type: 'request',
        command,
        method: request.method,
        ending,
        answered,
        seconds: (performance.now() - begun) / 1000,
      });
  }
};

const sendAndRead = async <T>(
  { transport, circuit, tracing, url }: Endpoint,
  request: HttpRequest,
  { command, signal, changes, timeout, read }: Sending<T>,
  allowed: number,
): Promise<T> => {
  const moment = circuit.begin();
  const stop = createStop();
  const abort = (): void => stop.end();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, allowed);
  signal.addEventListener('abort', abort, { once: true });
  const send = (headers?: Readonly<Record<string, string>>): Promise<HttpResponse> =>
    transport.send(headers ? { ...request, headers: { ...request.headers, ...headers } } : request, stop);
  let response: HttpResponse;
  try {
    response = await (tracing ? tracing.request(command, { method: request.method, url }, send) : send());
  } catch (error) {
    const codes = codesOf(error);
    if (
      timedOut
        ? allowed >= Math.min(timeout, minConclusiveMs)
        : !signal.aborted && codes.length > 0 && !codes.includes(tooLarge)
    )
      circuit.failed(moment, timedOut);
    throw explain(
      error,
      codes,
      { command, changes, host: new URL(url).host },
      {
        cancelled: signal.aborted && !timedOut,
        ...(timedOut ? { timedOut: allowed, wasCut: allowed < timeout } : {}),
      },
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
  try {
    const value = read(response);
    circuit.answered();
    return value;
  } catch (error) {
    if (error instanceof Unreadable && meansDown(error.code)) circuit.failed(moment, false);
    else circuit.answered();
    throw error;
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const explain = (
  error: unknown,
  codes: readonly string[],
  { command, changes, host }: { command: string; changes: boolean; host: string },
  { cancelled, timedOut, wasCut }: { cancelled: boolean; timedOut?: number; wasCut?: boolean },
): unknown => {
  const fail = (kind: CallError['kind'], message: string, hint = hintFor(kind)): CallError =>
    new CallError(kind, `${command}: ${message}`, hint, { cause: error });
  const mend = findConnectionProblem(codes)?.mend;
  if (codes.some((code) => neverSent.has(code)))
    return fail('unavailable', `no connection to ${host} (${codes.join(', ')}); nothing was sent`, mend);
  if (codes.some((code) => certificate.test(code)))
    return fail(
      'unavailable',
      `the certificate of ${host} is not trusted (${codes.join(', ')}); nothing was sent`,
      mend,
    );
  if (codes.some((code) => noTls.test(code)))
    return fail(
      'configuration',
      `${host} was asked by HTTPS, and does not speak TLS there (${codes.join(', ')}); nothing was sent`,
      mend,
    );
  if (!changes && codes.some((code) => noHttp.test(code)))
    return fail('configuration', `${host} was asked by HTTP, and its answer is not HTTP (${codes.join(', ')})`, mend);
  const seconds = (timedOut ?? 0) / 1000;
  if (codes.includes(notStarted))
    return cancelled
      ? cancelledBeforeSending(command)
      : fail('unavailable', `no connection to ${host} within ${seconds} s; nothing was sent`);
  if (cancelled)
    return changes
      ? fail('unknown-outcome', 'cancelled after it was sent; whether it happened is unknown')
      : fail('cancelled', 'cancelled', 'Nothing was changed.');
  // Neither a network error nor a time-out: a bug, which must look like one.
  if (!changes && timedOut === undefined && codes.length === 0) return error;
  if (codes.includes(tooLarge))
    return changes
      ? fail('unknown-outcome', `${messageOf(error)} and was not read; whether it happened is unknown`)
      : fail(
          'protocol',
          `${messageOf(error)} and was not read`,
          'Ask for less: with pagesize, filters or an id. maxAnswer in the configuration is the limit.',
        );
  const what =
    timedOut === undefined
      ? `the connection broke (${codes.join(', ') || String(error)})`
      : `no answer within ${seconds} s${wasCut ? ', all that was left for the call' : ''}`;
  if (!changes) return timedOut === undefined ? fail('unavailable', what, mend) : fail('timeout', what);
  return fail('unknown-outcome', `${what}; it was sent once, and whether it happened is unknown`);
};
