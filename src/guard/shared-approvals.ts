import {
  answeredBefore,
  checkRoom,
  findWaiting,
  isOpen,
  listWaiting,
  newCode,
  type Approvals,
  type WaitingCall,
} from './approvals.ts';

/** A table that replicas share. */
export interface HashStore {
  hashGetAll(table: string): Promise<ReadonlyMap<string, string>>;
  /** Puts `to` in the place of `from`, both of which may be nothing; false where there is something else by now. */
  compareAndSet(
    table: string,
    field: string,
    from: string | undefined,
    to: string | undefined,
    ttl: number,
  ): Promise<boolean>;
}

const table = 'approvals';
/** Longer than anything in it is good for, in milliseconds. */
const ttl = 30 * 60_000;

const parse = (text: string): WaitingCall | undefined => {
  try {
    return JSON.parse(text) as WaitingCall;
  } catch {
    return undefined;
  }
};

/** Approvals in a store, so that every replica and every terminal that reach it share them. */
export const createSharedApprovals = (
  { hashGetAll, compareAndSet }: HashStore,
  now: () => number = Date.now,
): Approvals => {
  interface Entry {
    call: WaitingCall;
    text: string;
  }
  /** What is still good, by the digest of its question; the rest is put away. */
  const read = async (): Promise<Map<string, Entry>> => {
    const found = new Map<string, Entry>();
    for (const [digest, text] of await hashGetAll(table)) {
      const call = parse(text);
      if (call?.digest === digest && isOpen(call, now())) found.set(digest, { call, text });
      else await compareAndSet(table, digest, text, undefined, ttl);
    }
    return found;
  };
  const callsOf = (entries: Map<string, Entry>): WaitingCall[] => [...entries.values()].map(({ call }) => call);
  /** One of those who answer at the same time is heard. */
  const answer = async (code: string, given: Partial<WaitingCall>): Promise<WaitingCall> => {
    const entries = await read();
    const call = findWaiting(callsOf(entries), code);
    const after: WaitingCall = { ...call, ...given, answered: now() };
    if (!(await compareAndSet(table, call.digest, entries.get(call.digest)?.text, JSON.stringify(after), ttl)))
      throw answeredBefore(call.code);
    return after;
  };
  const open: Approvals['open'] = async (question, caller, about) => {
    const { digest, message, phrase } = question;
    const entries = await read();
    const same = entries.get(digest);
    if (same && same.call.answered === undefined) return same.call.code;
    checkRoom(callsOf(entries), caller.principal);
    const call: WaitingCall = { code: newCode(), digest, message, phrase, caller, about, asked: now() };
    const text = JSON.stringify(call);
    // Another replica may have opened it meanwhile: then its code is the one.
    if (!(await compareAndSet(table, digest, same?.text, text, ttl))) return open(question, caller, about);
    // Others may have opened theirs meanwhile: of those who share the last places, the first ones get them.
    const before = callsOf(await read()).filter(
      ({ asked, code }) => asked < call.asked || (asked === call.asked && code < call.code),
    );
    try {
      checkRoom(before, caller.principal);
    } catch (error) {
      await compareAndSet(table, digest, text, undefined, ttl);
      throw error;
    }
    return call.code;
  };
  return {
    open,
    waiting: async () => listWaiting(callsOf(await read())),
    approve: async (code, by, means = 'terminal') => void (await answer(code, { by, means })),
    refuse: (code, by, refused, means = 'page') => answer(code, { by, refused, means }),
    take: async (digest) => {
      const found = (await read()).get(digest);
      if (found?.call.answered === undefined) return undefined;
      return (await compareAndSet(table, digest, found.text, undefined, ttl)) ? found.call : undefined;
    },
  };
};
