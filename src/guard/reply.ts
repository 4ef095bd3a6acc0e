import type { Question, Reply } from '../consent.ts';

/** What a reply says to a question: yes to exactly this question, or why it is no yes. */
export type ReplyVerdict = 'yes' | 'not-accepted' | 'other-question' | 'wrong-phrase' | 'not-confirmed';

/** Judges a reply, wherever it was given: through a host, or at a terminal. Every doubt is a no. */
export const judgeReply = ({ digest, phrase }: Question, reply: Reply): ReplyVerdict => {
  if (reply.action !== 'accept') return 'not-accepted';
  if (reply.digest !== digest) return 'other-question';
  if (phrase !== undefined) return reply.phrase === phrase ? 'yes' : 'wrong-phrase';
  return reply.confirm === true ? 'yes' : 'not-confirmed';
};
