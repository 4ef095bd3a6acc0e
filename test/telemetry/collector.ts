import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrives by OTLP in JSON. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
  status: { code?: number; message?: string };
  events: unknown[];
}

interface Wire {
  resourceSpans: {
    resource: { attributes: { key: string; value: Record<string, unknown> }[] };
    scopeSpans: {
      spans: (Omit<Span, 'attributes'> & { attributes: Wire['resourceSpans'][0]['resource']['attributes'] })[];
    }[];
  }[];
}

const toRecord = (attributes: { key: string; value: Record<string, unknown> }[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A collector of traces. `status`: what it answers with. */
export const startCollector = async (status = 200) => {
  const bodies: string[] = [];
  const headers: NodeJS.Dict<string | string[]>[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        bodies.push(body);
        headers.push(request.headers);
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const resources = () => bodies.flatMap((body) => (JSON.parse(body) as Wire).resourceSpans);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    headers,
    resource: () => toRecord(resources()[0]?.resource.attributes ?? []),
    spans: (): Span[] =>
      resources().flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) =>
          spans.map((span) => ({ ...span, attributes: toRecord(span.attributes), events: span.events ?? [] })),
        ),
      ),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
