import { randomBytes } from 'node:crypto';
import { hashToken } from '../tokens.ts';

/** Links that sign one person in once: the terminal shows one, and anyone who sees the terminal is the user. */
export interface Links {
  /** The code of a new link. */
  create(): string;
  /** Whether it is the code of a link that was not used yet; it is used up by asking. */
  use(code: string): boolean;
}

/** Minutes that a link is good for. */
export const linkMinutes = 10;

/** Opens the links of one process. */
export const createLinks = (now: () => number = () => performance.now()): Links => {
  const open = new Map<string, number>();
  return {
    create: () => {
      const code = randomBytes(32).toString('base64url');
      open.set(hashToken(code), now() + linkMinutes * 60_000);
      return code;
    },
    use: (code) => {
      const key = hashToken(code);
      const until = open.get(key);
      open.delete(key);
      return until !== undefined && until > now();
    },
  };
};
