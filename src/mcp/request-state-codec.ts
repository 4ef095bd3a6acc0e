import { createRequestStateCodec, type RequestStateCodec, type ServerContext } from '@modelcontextprotocol/server';
import { randomBytes } from 'node:crypto';
import type { App } from '../app/app.ts';
import { CallError } from '../errors.ts';
import type { QuestionState, VerifiedState } from './consent.ts';

/** Milliseconds for which one key is used. */
const keyLifetimeMs = 30 * 86_400_000;

/** Signs the state of a question that travels through the client, and verifies it when it comes back. */
export interface QuestionStateCodec {
  mint(state: QuestionState, ctx: ServerContext): Promise<string>;
  /** Throws for a state that this server did not sign, that belongs to another principal, or that is too old. */
  verify(signed: string, ctx: ServerContext): Promise<VerifiedState>;
}

/** All replicas use the key in their store, so that a question of one can be answered at another. */
export const createQuestionStateCodec = (app: App, principalOf: (ctx: ServerContext) => string): QuestionStateCodec => {
  let current: { key: string; codec: RequestStateCodec<QuestionState> } | undefined;
  /** Reads the key each time: after a store has lost its data, replicas must not go on with different keys. */
  const open = async (): Promise<RequestStateCodec<QuestionState>> => {
    const key = await (await app.store()).getOrSet('question-key', randomBytes(32).toString('base64'), keyLifetimeMs);
    if (current?.key !== key) {
      const ttlSeconds = app.config.questionTimeout;
      current = {
        key,
        codec: createRequestStateCodec({ key: Buffer.from(key, 'base64'), ttlSeconds, bind: principalOf }),
      };
    }
    return current.codec;
  };
  return {
    mint: async (state, ctx) => (await open()).mint(state, ctx),
    verify: async (signed, ctx) => {
      try {
        return await (await open()).verify(signed, ctx);
      } catch (error) {
        // The state may be right: the call then fails with what is really wrong.
        if (error instanceof CallError) return { unreadable: error };
        throw error;
      }
    },
  };
};
