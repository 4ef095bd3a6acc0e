import { inputResponse, type ClientCapabilities, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallError } from '../errors.ts';
import {
  AwaitingReply,
  type AskedBefore,
  type Consent,
  type ApprovalLead,
  type Question,
  type Reply,
} from '../consent.ts';

/** What travels through the client, signed, between the question and its answer. */
export interface QuestionState extends Pick<Question, 'digest' | 'phrase' | 'look'> {
  nonce: string;
  /** The user was led to where the call under this code is approved. */
  code?: string;
}

/** A state that came back: a question of ours, or, while the key cannot be read, why not. */
export type VerifiedState = QuestionState | { unreadable: CallError };

const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** The client's capabilities: in every request of protocol version 2026-07-28, from the handshake of older ones. */
export const capabilitiesOf = (server: Server, ctx: ServerContext): ClientCapabilities | undefined =>
  (ctx.mcpReq.envelope as Record<string, unknown> | undefined)?.[capabilitiesKey] ?? server.getClientCapabilities();

/** A bare `elicitation: {}` means that forms can be shown. */
const canShowForms = ({ elicitation }: ClientCapabilities = {}): boolean =>
  elicitation !== undefined && ('form' in elicitation || !('url' in elicitation));

/** The form that the host shows: one yes, or one phrase to type. */
export const toForm = ({ message, phrase }: Question) => ({
  message,
  requestedSchema: {
    type: 'object' as const,
    properties:
      phrase === undefined
        ? { confirm: { type: 'boolean' as const, title: 'Yes, do it' } }
        : { phrase: { type: 'string' as const, title: 'The text in double quotes' } },
    required: [phrase === undefined ? 'confirm' : 'phrase'],
  },
});

/** The state of a question that is about to be asked, with a nonce so that its answer counts once. */
export const newQuestionState = ({ digest, phrase, look }: Question, code?: string): QuestionState => ({
  digest,
  nonce: randomUUID(),
  ...(code === undefined ? {} : { code }),
  ...(phrase === undefined ? {} : { phrase }),
  // The one who approves may take minutes: the call then looks anew.
  ...(look && code === undefined ? { look } : {}),
});

/** The question whose answer a request brings, where it tells on which look the question rests. */
export const askedBefore = (ctx: ServerContext): AskedBefore | undefined => {
  const state = ctx.mcpReq.requestState<VerifiedState>();
  if (!state || 'unreadable' in state || !state.look) return undefined;
  const { digest, phrase, look } = state;
  return { digest, phrase, look };
};

/** Asks through the host: the answer comes with the second round of the same request. */
export const createConsent =
  (server: Server, ctx: ServerContext): Consent =>
  (question): Promise<Reply | undefined> => {
    const state = ctx.mcpReq.requestState<VerifiedState>();
    if (state && 'unreadable' in state) return Promise.reject(state.unreadable);
    if (state && state.code === undefined) {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'confirm');
      // The question came back without an answer to it: no one agreed, and the same call is asked anew.
      const given = { digest: state.digest, nonce: state.nonce, by: 'elicitation', withCall: true } as const;
      if (answer.kind !== 'elicit') return Promise.resolve({ ...given, action: 'cancel' });
      const content = (answer.content ?? {}) as { confirm?: unknown; phrase?: unknown };
      const { confirm, phrase } = content;
      return Promise.resolve({ ...given, action: answer.action, confirm, phrase });
    }
    if (question.isLong || !canShowForms(capabilitiesOf(server, ctx))) return Promise.resolve(undefined);
    return Promise.reject(new AwaitingReply(question));
  };

/** Milliseconds between two looks whether a call was approved, and how long that is waited for: hosts give a call a minute. */
const lookMs = 1000;
const maxLeadMs = 45_000;

/** Leads the user to the page through the host (URL mode); with the second round of the request, waits for the approval there. */
export const createLead =
  (server: Server, ctx: ServerContext, urlOf: (code: string) => string | undefined): ApprovalLead =>
  async (question, code, isAnswered) => {
    const state = ctx.mcpReq.requestState<VerifiedState>();
    if (!state) {
      const { elicitation = {} } = capabilitiesOf(server, ctx) ?? {};
      if (!('url' in elicitation) || urlOf(code) === undefined) return false;
      throw new AwaitingReply(question, { code });
    }
    if ('unreadable' in state || state.code !== code) return false;
    const answer = inputResponse(ctx.mcpReq.inputResponses, 'approval');
    if (answer.kind !== 'elicit' || answer.action !== 'accept') return false;
    const until = Date.now() + maxLeadMs;
    while (!(await isAnswered()) && Date.now() < until) await sleep(lookMs, undefined, { signal: ctx.mcpReq.signal });
    return true;
  };
