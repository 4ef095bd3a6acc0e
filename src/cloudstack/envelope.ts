import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { parseExact } from '../json.ts';
import { startOf, stripUnsafe, toLabel } from '../text.ts';
import { classify, hintFor } from './classify.ts';
import { redirectMend, redirectOf } from './connection-problem.ts';
import { readRetryAfter } from './retry-after.ts';
import type { HttpResponse } from './transport.ts';
import { isRecord, type Row } from '../rows.ts';

/** What answered is no CloudStack, or half of one. `code` is the HTTP status. */
export class Unreadable extends CallError {
  /** It ended too early, and asked again it may come whole. */
  isCut = false;
}

/** Only these say that the same request may work later. */
const waitOf = (response: HttpResponse): number | undefined =>
  response.status === 429 || response.status === 503 ? readRetryAfter(response) : undefined;

/** CloudStack refuses in JSON: a page that does stands before it. */
const signInMend =
  'The answer is not from CloudStack: a proxy or sign-in page in front of it refuses the request. Give the URL behind it, which ends in /client/api, or let API requests pass.';

/** JSON that has not the form of an answer of CloudStack, and will have it no sooner when asked again. */
const isAnothers = 'is JSON, but not an answer of CloudStack';

const lookOf = ({ headers }: HttpResponse, start: string): string => {
  const encoding = String(headers['content-encoding'] ?? 'identity');
  if (encoding !== 'identity') return `is compressed (${toLabel(encoding, 20)}), although that was not asked for`;
  if (start === '') return 'is empty';
  if (start.startsWith('<')) return 'is HTML or XML';
  return /^[{[]/.test(start) ? 'is incomplete JSON' : 'is not JSON';
};

const unreadable = (command: string, response: HttpResponse, why?: string): Unreadable => {
  const { status, body } = response;
  const redirect = redirectOf(response);
  const start = stripUnsafe(startOf(body, limits.errorText)).trim();
  const looks = why ?? lookOf(response, start);
  const shown = redirect === undefined ? looks : `redirects elsewhere (${toLabel(redirect)})`;
  const kind = [429, 502, 503, 504].includes(status) ? (status === 429 ? 'rate-limit' : 'unavailable') : 'protocol';
  const words = start
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const quote = redirect === undefined && !looks.startsWith('is compressed') ? startOf(words, 200) : '';
  const retryAfter = waitOf(response);
  const error = new Unreadable(
    status === 401 ? 'authentication' : kind,
    `${command}: the answer (HTTP ${status}) ${shown}${quote ? `: ${quote}` : ''}`,
    status === 401 ? signInMend : redirect === undefined ? hintFor(kind, retryAfter) : redirectMend,
    { code: status, retryAfter },
  );
  error.isCut = status === 200 && why === undefined && !start.startsWith('<') && /^(?:$|[{[])/.test(start);
  return error;
};

const parse = (command: string, response: HttpResponse): Record<string, unknown> => {
  let value: unknown;
  try {
    value = parseExact(response.body.replace(/^\ufeff/, ''));
  } catch {
    // HTML pages, truncated answers and proxies' texts are all not an answer.
    throw unreadable(command, response);
  }
  if (isRecord(value)) return value;
  throw unreadable(command, response, isAnothers);
};

const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** The envelope of an error where CloudStack does not know the command (ApiServer.getSerializedApiError). */
const errorEnvelope = 'errorresponse';

/**
 * The body inside CloudStack's envelope, its one top-level key: one of `names`, or whatever it is called. Throws a CallError for
 * an error, which says nothing of a command in the envelope of another, or without a number.
 */
export const openEnvelope = (command: string, response: HttpResponse, names?: readonly string[]): Row => {
  const [[name, body] = ['', undefined], ...others] = Object.entries(parse(command, response));
  // logout's and some plugins' bodies are bare; an object is what every command answers.
  const inner = isRecord(body) && others.length === 0 ? body : undefined;
  const isError = inner !== undefined && 'errorcode' in inner;
  const own = isError ? [...(names ?? []), errorEnvelope] : names;
  const isOwn = !names || own?.some((one) => one.toLowerCase() === name.toLowerCase());
  const code = isError ? asNumber(inner['errorcode']) : undefined;
  if (isError && isOwn && (code !== undefined || !names)) {
    throw classify(command, {
      code: code ?? response.status,
      cserrorcode: asNumber(inner['cserrorcode']),
      text: String(inner['errortext'] ?? 'no error text'),
      retryAfter: waitOf(response),
    });
  }
  if (!inner || (response.status >= 400 && !isError))
    throw unreadable(command, response, inner ? undefined : isAnothers);
  // What it holds is not quoted: it may be meant for someone else.
  if (!isOwn || isError)
    throw new Unreadable(
      'protocol',
      isOwn
        ? `${command}: the answer is an error without a number`
        : `${command}: the answer is that of something else (${toLabel(startOf(name, 80))})`,
      hintFor('protocol'),
      { code: response.status },
    );
  return inner;
};
