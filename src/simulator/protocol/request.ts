/** One HTTP request, taken apart: names as sent for the signature, names as CloudStack matches them for the rest. */
export interface Received {
  method: 'GET' | 'POST';
  /** Name as sent → decoded value; the last of duplicates wins. */
  raw: ReadonlyMap<string, string>;
  /** Name in lower case up to the first bracket → decoded value. */
  params: ReadonlyMap<string, string>;
  cookies: ReadonlyMap<string, string>;
}

const decode = (text: string): string => {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
};

const readPairs = (text: string, into: Map<string, string>): void => {
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    into.set(decode(at < 0 ? pair : pair.slice(0, at)), at < 0 ? '' : decode(pair.slice(at + 1)));
  }
};

/** `zoneId` → `zoneid`, `Tags[0].Key` → `tags[0].Key`: sub-fields keep their case. */
const normaliseName = (name: string): string => {
  const at = name.indexOf('[');
  return at < 0 ? name.toLowerCase() : name.slice(0, at).toLowerCase() + name.slice(at);
};

const readCookies = (header: string | null): Map<string, string> => {
  const cookies = new Map<string, string>();
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at > 0) cookies.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return cookies;
};

/** Query and form body merged, as CloudStack's servlet does it: a body that does not say it is a form is not read. */
export const readRequest = async (request: Request): Promise<Received> => {
  const raw = new Map<string, string>();
  const at = request.url.indexOf('?');
  if (at >= 0) readPairs(request.url.slice(at + 1), raw);
  const method = request.method === 'POST' ? 'POST' : 'GET';
  if (method === 'POST' && /^application\/x-www-form-urlencoded\b/i.test(request.headers.get('content-type') ?? ''))
    readPairs(await request.text(), raw);
  const params = new Map<string, string>();
  for (const [name, value] of raw) params.set(normaliseName(name), value);
  return { method, raw, params, cookies: readCookies(request.headers.get('cookie')) };
};
