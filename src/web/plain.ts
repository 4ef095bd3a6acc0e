import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import type { DoorContext } from '../mcp/door-context.ts';
import { readEnvelope, type Envelope } from '../mcp/envelope.ts';
import {
  answerPlainCall,
  isOfHandshake,
  readPlainCall,
  readPlainList,
  type PlainCall,
  type PlainClient,
  type PlainResult,
} from '../mcp/plain-call.ts';
import { createListResults } from '../mcp/prepared-lists.ts';
import type { Running } from '../mcp/running.ts';
import { serverInfo } from '../mcp/server.ts';
import { wholeResponse, wholeStream, withSignsOfLife } from './responses.ts';

/** A message that may need no SDK. With an envelope it says all of itself, without it is a session's. */
export interface PlainMessage {
  id: string | number;
  /** What is called; undefined where tools are listed. */
  call: PlainCall | undefined;
  envelope: Envelope | undefined;
}

/** Who asks, and how the SDK would answer it: what needs it after all goes there. */
export interface PlainRequest {
  message: PlainMessage;
  door: DoorContext;
  pass: () => Promise<Response>;
}

/** What a session knows of its client, and what runs for it. */
export interface PlainSession {
  id: string;
  client: PlainClient;
  capabilities: unknown;
  running: Running;
}

/** Answers calls over HTTP as the SDK does, without it, and lists with what the SDK answered before. */
export interface PlainDoor {
  /** Undefined for whatever needs the SDK, and for all that is not as it should be: the SDK says what is wrong. */
  read(request: Request, body: unknown): PlainMessage | undefined;
  answer(asked: PlainRequest, envelope: Envelope, signal: AbortSignal): Promise<Response>;
  answerInSession(asked: PlainRequest, session: PlainSession): Promise<Response>;
  /** The list of tools has changed. */
  toolsChanged(): void;
}

const stateless = '2026-07-28';
const serverInfoKey = 'io.modelcontextprotocol/serverInfo';

/** Whether the headers say what the body says. */
const headersMatch = ({ headers }: Request, call: PlainCall | undefined, version: string): boolean =>
  version === stateless &&
  headers.get('mcp-protocol-version') === version &&
  headers.get('mcp-method') === (call ? 'tools/call' : 'tools/list') &&
  headers.get('mcp-name') === (call?.name ?? null);

/** Whether a message is a session's, whose version was agreed on before, and its answer is the one event of its stream. */
const isOfSession = ({ headers }: Request, meta: Record<string, unknown> | undefined): boolean => {
  const version = headers.get('mcp-protocol-version');
  const accept = headers.get('accept') ?? '';
  const takesBoth = accept.includes('application/json') && accept.includes('text/event-stream');
  const isOld = version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version);
  return takesBoth && isOld && isOfHandshake(meta) && meta?.['progressToken'] === undefined;
};

/** How an answer is sent: what stands around it, and as what. */
interface Form {
  head: string;
  end: string;
  respond(body: string | Uint8Array<ArrayBuffer>): Response;
}

const json: Form = {
  head: '',
  end: '',
  respond: (body) => wholeResponse(body, { 'content-type': 'application/json' }),
};

const streamOf = (session: string): Form => ({
  head: 'event: message\ndata: ',
  end: '\n\n',
  respond: (body) => wholeStream(body, session),
});

const respond = (message: object, { head, end, respond: as }: Form): Response =>
  as(`${head}${JSON.stringify(message)}${end}`);

/** The result in an answer of the SDK's. */
const resultIn = async (response: Response, { head, end }: Form): Promise<unknown> => {
  const text = await response.text();
  const message = JSON.parse(text.slice(head.length, text.length - end.length)) as object;
  return 'result' in message ? message.result : undefined;
};

/** Over one app; `call` makes the calls. */
export const createPlainDoor = (app: App, call: App['call']): PlainDoor => {
  // Where every command is a tool of its own, the SDK's handler finds out which of them is listed.
  const takesCalls = app.config.tools !== 'all';
  const lists = createListResults();

  const run = (
    door: DoorContext,
    made: PlainCall,
    client: PlainClient,
    signal: AbortSignal,
  ): Promise<PlainResult | undefined> =>
    answerPlainCall(
      // Nothing is told to one who did not ask for it.
      { app, call, door, client, meta: made.meta, signal, onProgress: () => undefined },
      made,
    );

  /** For the same profiles and capabilities the list is the same, until it changes. */
  const list = async ({ message: { id }, door, pass }: PlainRequest, about: unknown, form: Form): Promise<Response> => {
    const key = JSON.stringify([await app.profilesFor(door.requester), form.head, about]);
    const ready = lists.answer(key, id, form.head, form.end);
    if (ready) return form.respond(ready);
    const expected = lists.expect(key);
    const response = await pass();
    // What is no result is not kept.
    if (expected && response.status === 200)
      void resultIn(response.clone(), form).then(
        (result) => result !== undefined && expected(result),
        () => undefined,
      );
    return response;
  };

  return {
    toolsChanged: lists.clear,
    read: (request, body) => {
      const made = takesCalls ? readPlainCall(body) : undefined;
      const asked = made ?? readPlainList(body);
      if (!asked) return undefined;
      const { id, meta } = asked;
      if (isOfSession(request, meta)) return { id, call: made, envelope: undefined };
      const envelope = readEnvelope(meta);
      return envelope && headersMatch(request, made, envelope.version) ? { id, call: made, envelope } : undefined;
    },
    answer: async (asked, { client, capabilities }, signal) => {
      const { id, call: made } = asked.message;
      if (!made) return list(asked, capabilities, json);
      const ended = await run(asked.door, made, client, signal);
      // Its client has gone.
      if (signal.aborted) return new Response(null, { status: 499 });
      if (!ended) return asked.pass();
      const about =
        'result' in ended
          ? { result: { ...ended.result, resultType: 'complete', _meta: { [serverInfoKey]: serverInfo } } }
          : ended;
      return respond({ ...about, jsonrpc: '2.0', id }, json);
    },
    answerInSession: (asked, { id: session, client, capabilities, running }) => {
      const { id, call: made } = asked.message;
      const form = streamOf(session);
      if (!made) return list(asked, capabilities, form);
      const stream = running.run(id, async (signal) => {
        const ended = await run(asked.door, made, client, signal);
        if (signal.aborted) return form.respond('');
        return ended ? respond({ ...ended, jsonrpc: '2.0', id }, form) : asked.pass();
      });
      return withSignsOfLife(stream, session);
    },
  };
};
