import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { takesScope } from '../../src/catalog/list-scope.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { serveSimulator } from '../../src/simulator/server.ts';
import { requiredOf } from '../guard/counting.ts';
import { openHost, type Host } from '../support/harness.ts';
import { newerApis } from '../support/newer-cloud.ts';

/** Every list that CloudStack pages and that is read without a question. */
const lists = loadCatalog().tools.filter(
  ({ command: { result, params }, risk }) =>
    result === 'list' && risk.risk === 'read' && params.some(({ name }) => name === 'pagesize'),
);
const held = 2000;
const largest = 500;

/** Rows that say no more than they must: their pages are cut in this order, and come in another. */
const rows = Array.from({ length: held }, (_, at) => ({
  id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  name: `row-${at}`,
  description: 'words '.repeat((at * 7) % 11),
}));

const simulator = createSimulator({ jobMillis: 0 });
let asked: string[] = [];
/** Reads all of a list in one answer. */
let reader: Host;
let server: Awaited<ReturnType<typeof serveSimulator>>;
let host: Host;

/** A simulated cloud that has many of each kind, whatever is asked for. */
const answer = async (request: Request): Promise<Response> => {
  const params = new URL(request.url).searchParams;
  // Its rows have fields of their own.
  if (params.get('command') === 'listApis') return Response.json({ listapisresponse: newerApis() });
  const command = lists.find(({ command: { name } }) => name === params.get('command'))?.command;
  if (!command || request.method !== 'GET') return simulator.fetch(request);
  // Looked up by the server itself: whose credential it is.
  if (params.get('command') === 'listUsers' && params.has('userapikey')) return simulator.fetch(request);
  asked.push(command.name);
  const size = Number(params.get('pagesize') ?? largest);
  const from = (Number(params.get('page') ?? 1) - 1) * size;
  const page = rows.slice(from, from + size).sort((a, b) => (a.description < b.description ? -1 : 1));
  const key = String([command.key].flat()[0]);
  return Response.json({ [command.wrapper]: { count: held, ...(page.length ? { [key]: page } : {}) } });
};

beforeAll(async () => {
  server = await serveSimulator({ ...simulator, fetch: answer }, { port: 0 });
  const { apiKey, secretKey } = simulator.credentials;
  const env = {
    CLOUDSTACK_API_URL: server.url,
    CLOUDSTACK_API_KEY: apiKey,
    CLOUDSTACK_SECRET_KEY: secretKey,
    // The cache reads events, too.
    CLOUDSTACK_MCP_CACHE: 'false',
    CLOUDSTACK_MCP_DISCOVER: 'true',
  };
  host = await openHost({ env, flags: ['--budget', '20000'] });
  reader = await openHost({ env, flags: ['--budget', '100000'] });
});
afterAll(async () => {
  await host.close();
  await reader.close();
  await server.close();
});

test.each(lists.map(({ command }) => [command.name, command] as const))(
  'R1, R6: %s: following next shows each row once',
  async (name, command) => {
    const seen: string[] = [];
    let next: Record<string, unknown> | undefined = {};
    while (next) {
      asked = [];
      const { structured, text, isError } = await host.call('read', {
        tool: name,
        arguments: requiredOf(command),
        fields: ['id', 'description'],
        ...next,
      });
      expect(isError, text).toBeUndefined();
      expect(asked.filter((command) => command === name).length).toBeLessThanOrEqual(2);
      seen.push(...(structured['items'] as { id: string }[]).map(({ id }) => id));
      expect(seen.length, text.slice(0, 200)).toBeLessThanOrEqual(held);
      next = structured['next'] as Record<string, unknown> | undefined;
    }
    expect(new Set(seen).size).toBe(held);
    expect(seen).toHaveLength(held);
  },
);

test.each(lists.map(({ command }) => [command.name, command] as const))(
  '%s: all of it is read, each row once, each page once',
  async (name, command) => {
    asked = [];
    const { structured, text, isError } = await reader.call('read', {
      tool: name,
      arguments: requiredOf(command),
      fields: ['id'],
      ...(takesScope(command) ? { scope: 'own' } : {}),
      all: true,
    });
    expect(isError, text).toBeUndefined();
    const seen = (structured['items'] as { id: string }[]).map(({ id }) => id);
    expect(new Set(seen).size).toBe(held);
    expect(seen).toHaveLength(held);
    expect(asked.filter((command) => command === name)).toHaveLength(held / largest);
  },
);
