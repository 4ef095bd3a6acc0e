import { text } from 'node:stream/consumers';
import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { createToken, hashToken } from '../web/tokens.ts';
import { exit, printLine, type Io } from './io.ts';

/** What is shorter can be guessed from its hash. */
const minLength = 24;

/** `token new`: a token to hand over, and its hash to keep. */
export const printNewToken = async (io: Io): Promise<number> => {
  const token = createToken();
  await printLine(io.stdout, `token ${token}\nsha256 ${hashToken(token)}`);
  return exit.done;
};

/** `token hash`: the hash of the token on standard input; an argument would stand in the shell's history. */
export const printTokenHash = async (io: Io): Promise<number> => {
  const token = (await text(io.stdin)).trim();
  if (token.length < minLength || /\s/.test(token))
    throw new CallError(
      'invalid',
      `A token has at least ${minLength} characters and no spaces.`,
      `${programName} token new makes one.`,
    );
  await printLine(io.stdout, hashToken(token));
  return exit.done;
};
