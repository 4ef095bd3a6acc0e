import { createRequestStateCodec, type RequestStateCodec, type ServerContext } from '@modelcontextprotocol/server';
import { randomBytes } from 'node:crypto';
import type { App } from '../app/app.ts';
import { CallError } from '../errors.ts';
import type { QuestionState, Unsealed } from './consent.ts';

/** Milliseconds for which one key is good. */
const keyFor = 30 * 86_400_000;

/** The seal on questions that travel through a client. */
export interface Seal {
  mint(state: QuestionState, ctx: ServerContext): Promise<string>;
  /** Throws for what this server did not seal, or not for this principal, or too long ago. */
  verify(sealed: string, ctx: ServerContext): Promise<Unsealed>;
}

/** The replicas agree on a key in their store, so that what one has asked another may hear the answer to. */
export const createSeal = (app: App, principalOf: (ctx: ServerContext) => string): Seal => {
  let known: { key: string; codec: RequestStateCodec<QuestionState> } | undefined;
  /** Asked for each time: a store that begins anew must not leave replicas with different keys. */
  const open = async (): Promise<RequestStateCodec<QuestionState>> => {
    const key = await (await app.store()).getOrSet('question-key', randomBytes(32).toString('base64'), keyFor);
    if (known?.key !== key) {
      const ttlSeconds = app.config.questionTimeout;
      known = {
        key,
        codec: createRequestStateCodec({ key: Buffer.from(key, 'base64'), ttlSeconds, bind: principalOf }),
      };
    }
    return known.codec;
  };
  return {
    mint: async (state, ctx) => (await open()).mint(state, ctx),
    verify: async (sealed, ctx) => {
      try {
        return await (await open()).verify(sealed, ctx);
      } catch (error) {
        // The state may well be right: the call fails with what is really wrong.
        if (error instanceof CallError) return { unreadable: error };
        throw error;
      }
    },
  };
};
