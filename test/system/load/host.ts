import { Pool, type Dispatcher } from 'undici';
import { readEvents } from './sse.ts';

/** What came of a call: `ok`, or what went wrong, such as `http-429`, `rpc--32602`, `unavailable`, `connection-ECONNRESET`. */
export interface Reply {
  kind: string;
  structured: Record<string, unknown>;
  /** What was said of an error. */
  text: string;
}

/** A host of one user. It says yes to every question, typing what is asked for. */
export interface Host {
  call(tool: string, args: Record<string, unknown>): Promise<Reply>;
  close(): Promise<void>;
}

/** Where a host calls, as whom, in which era of the protocol. */
export interface HostOptions {
  /** Such as `http://127.0.0.1:3000`. */
  origin: string;
  token: string;
  protocol: 'new' | 'old';
  /** Milliseconds to wait for one answer. */
  timeoutMs?: number;
}

interface Message {
  id?: number;
  method?: string;
  params?: { message?: string };
  result?: Result;
  error?: { code: number; message: string };
}

interface Result {
  isError?: boolean;
  content?: { text: string }[];
  structuredContent?: Record<string, unknown>;
  resultType?: string;
  requestState?: string;
  inputRequests?: Record<string, { params: { message: string } }>;
}

const protocols = { new: '2026-07-28', old: '2025-11-25' };
const clientInfo = { name: 'load', version: '1.0.0' };
const capabilities = { elicitation: { form: {} } };
/** What every request of the new era says about its client. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': protocols.new,
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  'io.modelcontextprotocol/clientInfo': clientInfo,
};

/** A yes to a question: the text in double quotes where one has to be typed. */
export const yes = (question: string): { action: 'accept'; content: Record<string, unknown> } => {
  const phrase = /"([^"]*)"/.exec(question)?.[1];
  return { action: 'accept', content: phrase === undefined ? { confirm: true } : { phrase } };
};

/** An HTTP status that is no success, as an error to be told from a broken connection. */
class StatusError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const failure = (error: unknown): Reply => {
  if (error instanceof StatusError) return { kind: `http-${error.status}`, structured: {}, text: error.message };
  const { code, name, message } = error as Error & { code?: string };
  return { kind: `connection-${code ?? name}`, structured: {}, text: message };
};

const toReply = ({ result, error }: Message): Reply => {
  if (error) return { kind: `rpc-${error.code}`, structured: {}, text: error.message };
  const structured = result?.structuredContent ?? {};
  const text = result?.content?.map((part) => part.text).join('\n') ?? '';
  if (!result?.isError) return { kind: 'ok', structured, text };
  return { kind: (structured['error'] as { kind?: string } | undefined)?.kind ?? 'error', structured, text };
};

/** A host that speaks JSON-RPC over HTTP itself: what is measured is the server, not a client library. */
export const createHost = ({ origin, token, protocol: version, timeoutMs: timeLimit = 60_000 }: HostOptions): Host => {
  const times = { headersTimeout: timeLimit, bodyTimeout: timeLimit };
  const pool = new Pool(origin, { connections: 2, ...times });
  let session: string | undefined;
  let number = 0;

  const post = async (message: object, headers: Record<string, string>): Promise<Dispatcher.ResponseData> => {
    const response = await pool.request({
      method: 'POST',
      path: '/mcp',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': protocols[version],
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
    if (response.statusCode < 300) return response;
    throw new StatusError(response.statusCode, (await response.body.text()).slice(0, 300));
  };

  const sessionHeader = (): Record<string, string> => (session === undefined ? {} : { 'mcp-session-id': session });

  /** Reads up to the answer to a request; questions on the way are answered with a yes. */
  const read = async ({ headers, body }: Dispatcher.ResponseData, id: number): Promise<Message> => {
    if (!String(headers['content-type']).startsWith('text/event-stream')) return (await body.json()) as Message;
    let answer: Message | undefined;
    for await (const message of readEvents(body) as AsyncIterable<Message>) {
      if (message.id === id && !message.method) answer = message;
      if (message.method !== 'elicitation/create') continue;
      const reply = await post({ id: message.id, result: yes(message.params?.message ?? '') }, sessionHeader());
      await reply.body.dump();
    }
    if (!answer) throw Object.assign(new Error('the stream ended without an answer'), { code: 'NO_ANSWER' });
    return answer;
  };

  const begin = async (): Promise<void> => {
    const id = ++number;
    const params = { protocolVersion: protocols.old, capabilities, clientInfo };
    const response = await post({ id, method: 'initialize', params }, {});
    await read(response, id);
    session = String(response.headers['mcp-session-id']);
    await (await post({ method: 'notifications/initialized' }, sessionHeader())).body.dump();
  };

  /** A session that has ended: nothing was done, and the protocol wants the client to begin anew. */
  const callOld = async (params: object, attempts = 3): Promise<Reply> => {
    if (session === undefined) await begin();
    const id = ++number;
    try {
      return toReply(await read(await post({ id, method: 'tools/call', params }, sessionHeader()), id));
    } catch (error) {
      if (!(error instanceof StatusError) || error.status !== 404 || attempts <= 1) throw error;
      session = undefined;
      return callOld(params, attempts - 1);
    }
  };

  const callNew = async (params: { name: string }): Promise<Reply> => {
    const id = ++number;
    const headers = { 'mcp-method': 'tools/call', 'mcp-name': params.name };
    const message = { id, method: 'tools/call', params: { ...params, _meta: envelope } };
    const answer = await read(await post(message, headers), id);
    const { result } = answer;
    if (result?.resultType !== 'input_required') return toReply(answer);
    const inputResponses = Object.fromEntries(
      Object.entries(result.inputRequests ?? {}).map(([key, asked]) => [key, yes(asked.params.message)]),
    );
    return callNew({ ...params, inputResponses, requestState: result.requestState } as typeof params);
  };

  return {
    call: async (name, args) => {
      try {
        return await (version === 'old' ? callOld : callNew)({ name, arguments: args } as { name: string });
      } catch (error) {
        return failure(error);
      }
    },
    close: async () => {
      if (session !== undefined)
        await pool
          .request({
            method: 'DELETE',
            path: '/mcp',
            headers: { authorization: `Bearer ${token}`, ...sessionHeader() },
          })
          .then(
            ({ body }) => body.dump(),
            () => undefined,
          );
      await pool.destroy();
    },
  };
};
