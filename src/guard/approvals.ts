import { randomInt } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../folder.ts';
import type { Risk, Severity } from '../catalog/risk.ts';
import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { toLabel } from '../text.ts';
import type { ApprovalMeans, Caller } from '../types.ts';
import type { Question } from '../consent.ts';
import { hasPlace } from '../limits.ts';

/** A call that waits for a person at a terminal. Times in milliseconds. */
export interface WaitingCall {
  code: string;
  digest: string;
  message: string;
  phrase?: string | undefined;
  caller: Caller;
  /** What it would run; undefined where an older release asked. */
  about?: AboutWaiting | undefined;
  asked: number;
  /** Who answered, and when. */
  by?: string | undefined;
  means?: ApprovalMeans | undefined;
  answered?: number | undefined;
  /** The answer was a no, for this reason. */
  refused?: string | undefined;
}

/** What waits: by this it is judged who may approve it. */
export interface AboutWaiting {
  /** Someone else than the one who asked has to approve it. */
  fourEyes: boolean;
  /** Host and port of the cloud, or `the embedded simulator`. */
  endpoint?: string;
  /** The commands that it would run: one, or those of a plan. */
  calls: readonly { command: string; tool: string; toolset: string; risk: Risk; severity: Severity }[];
}

/** Approvals outside of the host: opened by a call, given by a person, used once by the next identical call. */
export interface Approvals {
  /** Gives the code under which the call waits; the same question keeps its code. */
  open(question: Question, caller: Caller, about?: AboutWaiting): Promise<string>;
  /** The calls that wait for an answer, oldest first. */
  waiting(): Promise<readonly WaitingCall[]>;
  /** Gives the yes. Throws a CallError when no such call waits. */
  approve(code: string, by: string, means?: ApprovalMeans): Promise<void>;
  /** Gives the no: who makes the call again is told who said it and why. Gives the call as it was refused. */
  refuse(code: string, by: string, reason: string, means?: ApprovalMeans): Promise<WaitingCall>;
  /** The answer to this very call, if there is one; it is used up by taking it. */
  take(digest: string): Promise<WaitingCall | undefined>;
}

/** Minutes that a call waits for its approval. */
export const codeMinutes = 15;
/** Minutes that an answer waits for its call. */
export const approvalMinutes = 5;
/** Calls that may wait at once: more than a person will read; a model that asks without end does not fill the disk. */
export const maxWaiting = 100;
/** Calls of one principal that may wait at once, so that no one takes the places of others. */
export const maxWaitingOfOne = 10;

/** Characters of a reason that is told with a no. */
export const maxReason = 300;

/** Throws a CallError where so many calls wait that one more of that principal is not kept. */
export const checkRoom = (calls: readonly WaitingCall[], principal: string): void => {
  const waiting = calls.filter(({ answered }) => answered === undefined);
  const own = waiting.filter(({ caller }) => caller.principal === principal).length;
  const full = own ? `${own} calls of ${toLabel(principal)} wait` : `${waiting.length} calls wait`;
  if (!hasPlace(own, waiting.length, { each: maxWaitingOfOne, max: maxWaiting }))
    throw new CallError(
      'unconfirmed',
      `${full} for approval. Nothing was sent.`,
      `A person can look at them: ${programName} approve. They expire after ${codeMinutes} minutes.`,
    );
};

// Without letters and digits that are taken for each other.
const alphabet = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
/** A code that a person can read out, such as `7KQM-3XWD`. */
export const newCode = (): string =>
  Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)])
    .join('')
    .replace(/^(.{4})/, '$1-');

/** Whether a call still waits, or its answer is still good: not of a time to come either, as after a clock was set back. */
export const isOpen = ({ asked, answered }: WaitingCall, now: number): boolean =>
  answered === undefined
    ? Math.abs(now - asked) < codeMinutes * 60_000
    : Math.abs(now - answered) < approvalMinutes * 60_000;

/** What is told to the later of those who answer at the same time. */
export const answeredBefore = (code: string): CallError =>
  new CallError('not-found', `The call under the code ${code} was answered just now by someone else.`, '');

/** The call that waits under a code, however it was typed. Throws a CallError where none does. */
export const findWaiting = <Call extends WaitingCall>(calls: readonly Call[], code: string): Call => {
  const wanted = code.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const found = calls.find((call) => call.code.replace('-', '') === wanted && call.answered === undefined);
  if (!found)
    throw new CallError(
      'not-found',
      `No call waits under the code ${toLabel(code)}.`,
      `Codes are valid for ${codeMinutes} minutes; ${programName} approve lists what waits.`,
    );
  return found;
};

/** The calls that wait for an answer, oldest first. */
export const listWaiting = (calls: readonly WaitingCall[]): readonly WaitingCall[] =>
  calls.filter(({ answered }) => answered === undefined).sort((a, b) => a.asked - b.asked);

/** What a run throws becomes a rejection, with a CallError where the folder cannot be used. */
const settle = <T>(run: () => T): Promise<T> =>
  new Promise<T>((resolve) => resolve(run())).catch((error: unknown) => {
    if (error instanceof CallError) throw error;
    throw new CallError(
      'unavailable',
      `Calls that wait for a person cannot be kept (${(error as NodeJS.ErrnoException).code ?? 'failed'}). Nothing was sent.`,
      'Someone who operates this server can look at the folder `approvals` in the state folder.',
      { cause: error },
    );
  });

/** Approvals in a folder that only its owner can enter, so that a server and a terminal share them. */
export const createApprovals = (folder: string, now: () => number = Date.now): Approvals => {
  /** The name tells the call, so that looking for one does not read them all. */
  const pathOf = ({ code, digest }: Pick<WaitingCall, 'code' | 'digest'>): string =>
    join(folder, `${code}.${digest.slice(0, 16)}.json`);
  const write = (call: WaitingCall): void => {
    makeOwnFolder(folder);
    const draft = `${pathOf(call)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(call), { mode: 0o600 });
    renameSync(draft, pathOf(call));
  };
  const read = (digest = ''): WaitingCall[] => {
    let files: string[];
    try {
      files = readdirSync(folder).filter((name) => name.endsWith(`${digest.slice(0, 16)}.json`));
    } catch {
      return [];
    }
    return files.flatMap((name) => {
      try {
        const call = JSON.parse(readFileSync(join(folder, name), 'utf8')) as WaitingCall;
        if (isOpen(call, now())) return [call];
        rmSync(join(folder, name), { force: true });
      } catch {
        // Another process took it while we looked.
      }
      return [];
    });
  };
  /** Of those who answer at the same time one is heard: a file is moved away once. */
  const answer = (code: string, given: Partial<WaitingCall>): WaitingCall => {
    const path = pathOf(findWaiting(read(), code));
    const held = `${path}.${newCode()}`;
    try {
      renameSync(path, held);
    } catch {
      throw answeredBefore(code);
    }
    const call = JSON.parse(readFileSync(held, 'utf8')) as WaitingCall;
    if (call.answered !== undefined) {
      renameSync(held, path);
      throw answeredBefore(code);
    }
    const after: WaitingCall = { ...call, ...given, answered: now() };
    write(after);
    rmSync(held, { force: true });
    return after;
  };
  return {
    open: ({ digest, message, phrase }, caller, about) =>
      settle(() => {
        const same = read(digest).find((call) => call.digest === digest && call.answered === undefined);
        if (same) return same.code;
        checkRoom(read(), caller.principal);
        const code = newCode();
        write({ code, digest, message, phrase, caller, about, asked: now() });
        return code;
      }),
    waiting: () => settle(() => listWaiting(read())),
    approve: (code, by, means = 'terminal') => settle(() => void answer(code, { by, means })),
    refuse: (code, by, refused, means = 'page') => settle(() => answer(code, { by, refused, means })),
    take: (digest) => {
      const found = read(digest).find((call) => call.digest === digest && call.answered !== undefined);
      if (!found) return Promise.resolve(undefined);
      try {
        // Renaming succeeds for one process only.
        const used = `${pathOf(found)}.used`;
        renameSync(pathOf(found), used);
        rmSync(used, { force: true });
        return Promise.resolve(found);
      } catch {
        return Promise.resolve(undefined);
      }
    },
  };
};
