import { inputResponse, type ClientCapabilities, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import type { CallError } from '../errors.ts';
import { AwaitingReply, type Consent, type Question, type Reply } from '../consent.ts';

/** What travels through the client, signed, between the question and its answer. */
export interface QuestionState {
  digest: string;
  nonce: string;
}

/** A state that came back: a question of ours, or, while the key cannot be read, why not. */
export type VerifiedState = QuestionState | { unreadable: CallError };

const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** The client's capabilities: in every request of protocol version 2026-07-28, from the handshake of older ones. */
const capabilitiesOf = (server: Server, ctx: ServerContext): ClientCapabilities | undefined =>
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
export const newQuestionState = ({ digest }: Question): QuestionState => ({ digest, nonce: randomUUID() });

/** Asks through the host: the answer comes with the second round of the same request. */
export const createConsent =
  (server: Server, ctx: ServerContext): Consent =>
  (question): Promise<Reply | undefined> => {
    const state = ctx.mcpReq.requestState<VerifiedState>();
    if (state && 'unreadable' in state) return Promise.reject(state.unreadable);
    if (state) {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'confirm');
      // The question came back without an answer to it: no one agreed, and the same call is asked anew.
      if (answer.kind !== 'elicit')
        return Promise.resolve({ ...state, action: 'cancel', by: 'elicitation', withCall: true });
      const content = (answer.content ?? {}) as { confirm?: unknown; phrase?: unknown };
      return Promise.resolve({
        ...state,
        action: answer.action,
        confirm: content.confirm,
        phrase: content.phrase,
        by: 'elicitation',
        withCall: true,
      });
    }
    if (question.isLong || !canShowForms(capabilitiesOf(server, ctx))) return Promise.resolve(undefined);
    return Promise.reject(new AwaitingReply(question));
  };
