import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import type { HashStore } from './shared-approvals.ts';

/** Dialogs that one principal may have open at once. */
export const maxDialogs = 3;
/** Dialogs that a principal may decline within `pauseSeconds`; then nothing is asked for as long. */
export const maxDeclines = 3;
/** Seconds without a dialog after too many were declined. */
export const pauseSeconds = 60;

/** Questions that were put to a host and not answered yet, by digest; each is kept in mind as long as it may be answered. */
export interface OpenQuestions {
  isOpen(digest: string): Promise<boolean>;
  /** Throws a CallError where the principal has its share of dialogs open, or has declined too many. */
  open(digest: string, principal: string): Promise<void>;
  close(digest: string, principal: string): Promise<void>;
  /** Counts an answer that was no yes. */
  decline(principal: string): Promise<void>;
}

/** Questions of all replicas. */
export interface SharedQuestions extends OpenQuestions {
  /** Whether another replica received the reply. */
  isAnswered(digest: string): Promise<boolean>;
}

/** What questions need of a store. */
export interface QuestionStore extends HashStore {
  count(key: string, window: number): Promise<number>;
  set(key: string, value: string, ttl: number): Promise<void>;
  get(key: string): Promise<string | undefined>;
}

type Place = readonly [digest: string, until: number];

const noRoom = (message: string, hint: string): CallError =>
  new CallError('unconfirmed', `${message} Nothing was sent.`, hint);

/** Questions that replicas put and answer for each other: `question:DIGEST` is `open` or `answered`. `lifetime`: milliseconds. */
export const createQuestions = (
  store: QuestionStore,
  lifetime: number,
  now: () => number = Date.now,
): SharedQuestions => {
  const stateOf = (digest: string) => store.get(`question:${digest}`);
  /** Changes the places of a principal; of those who do it at the same time each sees what the others did. */
  const change = async (principal: string, to: (places: readonly Place[]) => readonly Place[]): Promise<void> => {
    const table = `dialogs:${principal}`;
    for (;;) {
      const before = (await store.hashGetAll(table)).get('open');
      const places = (JSON.parse(before ?? '[]') as Place[]).filter(([, until]) => until > now());
      const after = to(places);
      const text = after.length ? JSON.stringify(after) : undefined;
      if (text === before || (await store.compareAndSet(table, 'open', before, text, lifetime))) return;
    }
  };
  const without = (places: readonly Place[], digest: string) => places.filter(([other]) => other !== digest);
  return {
    isOpen: async (digest) => (await stateOf(digest)) === 'open',
    // Known for longer than another replica waits for it.
    isAnswered: async (digest) => (await stateOf(digest)) === 'answered',
    open: async (digest, principal) => {
      if ((await store.get(`declined:${principal}`)) !== undefined)
        throw noRoom(
          `${maxDeclines} questions were declined within ${pauseSeconds} s; for ${pauseSeconds} s nothing is asked.`,
          'Do not try again before you have talked to the person who declined.',
        );
      await change(principal, (places) => {
        const others = without(places, digest);
        if (others.length >= maxDialogs)
          throw noRoom(
            `${maxDialogs} questions to the user are already open.`,
            `Wait for their answers, then make this call again. A person who saw no question can use ${programName} approve after the same call was made twice.`,
          );
        return [...others, [digest, now() + lifetime]];
      });
      await store.set(`question:${digest}`, 'open', lifetime);
    },
    close: async (digest, principal) => {
      await change(principal, (places) => without(places, digest));
      await store.set(`question:${digest}`, 'answered', 2 * lifetime);
    },
    decline: async (principal) => {
      if ((await store.count(`declined:${principal}`, pauseSeconds * 1000)) >= maxDeclines)
        await store.set(`declined:${principal}`, 'yes', pauseSeconds * 1000);
    },
  };
};
