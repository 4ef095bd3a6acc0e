import { Agent, request as ask, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

/** The other processes of a server that has several on one machine: each serves the same port. */
export interface Peers {
  /** This one among them. Its sessions begin with it. */
  readonly id: string;
  /** What is true of all is said by the first. */
  readonly isFirst: boolean;
  /** Tells the others the port of loopback where this one takes what belongs to it. */
  announce(port: number): void;
  portOf(id: string): number | undefined;
  /** The metrics of all of them, this one's included, each as JSON. */
  metrics(): Promise<readonly object[][]>;
  /** Called when the metrics of this one are asked for. */
  onMetrics(own: () => Promise<object[]>): void;
}

const oneOf = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? (value[0] ?? '') : (value ?? '');

/** A connection to another process serves one request: whether the client's goes on is told by its own headers. */
const agent = new Agent({ keepAlive: false });

/** What a message says of its own connection holds for no other. */
const withoutConnection = ({ connection: _own, 'keep-alive': _time, ...headers }: IncomingHttpHeaders) => headers;

/** Hands a request to the process that has its session; false where it is this one's, or no one's. */
export const handOver = (peers: Peers, request: IncomingMessage, response: ServerResponse): boolean => {
  // Only what belongs to a session: for all else it counts which address it came from.
  if (!/^\/mcp(?:\?|$)/.test(request.url ?? '')) return false;
  const [id = '', rest] = oneOf(request.headers['mcp-session-id']).split('.', 2);
  const port = rest === undefined || id === peers.id ? undefined : peers.portOf(id);
  if (port === undefined) return false;
  const { method, url } = request;
  const headers = withoutConnection(request.headers);
  const handed = ask({ host: '127.0.0.1', port, method, path: url, headers, setHost: false, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
    answer.pipe(response);
  });
  // A process that has just ended takes its sessions with it.
  handed.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(404).end();
  });
  response.on('close', () => handed.destroy());
  request.pipe(handed);
  return true;
};
