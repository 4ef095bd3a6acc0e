import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../folder.ts';
import { decryptValue, encryptValue } from '../secrets/encrypted-value.ts';
import { isRecord } from '../rows.ts';
import type { HashStore } from './shared-approvals.ts';

/** A yes given beforehand to what one version of a stored script asks about. Times in milliseconds. */
export interface StandingApproval {
  id: string;
  /** The script's name, and the digest of its text. */
  name: string;
  script: string;
  /** What it covers: commands that the script names. */
  commands: readonly string[];
  /** Who may run it so. */
  principals: readonly string[];
  profile: string;
  /** Of endpoint and credential. */
  cloud: string;
  /** Runs in all, or within `per`. */
  times: number;
  per?: number | undefined;
  given: number;
  until: number;
  /** Who gave it: their principal, and the user of that terminal. */
  by: readonly string[];
}

/** The standing approvals of a server. */
export interface StandingApprovals {
  save(approval: StandingApproval): Promise<void>;
  /** Those that are not over, the newest first. */
  list(): Promise<readonly StandingApproval[]>;
  /** False where there is none. */
  remove(id: string): Promise<boolean>;
}

/** Texts by id, where processes or replicas share them. */
interface TextsById {
  all(): Promise<ReadonlyMap<string, string>>;
  put(id: string, text: string): Promise<void>;
  remove(id: string): Promise<boolean>;
}

/** What a run throws becomes a rejection. */
const settle = <T>(run: () => T): Promise<T> => new Promise((resolve) => resolve(run()));

/** In a folder that only its owner can enter. */
export const textsInFolder = (folder: string): TextsById => {
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  const read = (name: string): [string, string][] => {
    try {
      return [[name.slice(0, -'.json'.length), readFileSync(join(folder, name), 'utf8')]];
    } catch {
      // Another process removed it while we looked.
      return [];
    }
  };
  return {
    all: () =>
      settle(() => {
        try {
          return new Map(
            readdirSync(folder)
              .filter((name) => name.endsWith('.json'))
              .flatMap(read),
          );
        } catch {
          return new Map();
        }
      }),
    put: (id, text) =>
      settle(() => {
        makeOwnFolder(folder);
        const draft = `${pathOf(id)}.${process.pid}`;
        writeFileSync(draft, text, { mode: 0o600 });
        renameSync(draft, pathOf(id));
      }),
    remove: (id) =>
      settle(() => {
        try {
          rmSync(pathOf(id));
          return true;
        } catch {
          return false;
        }
      }),
  };
};

const table = 'standing';

/** In a store that every replica and every terminal reach; `lifetime`: milliseconds that nothing in it outlasts. */
export const textsInStore = ({ hashGetAll, compareAndSet }: HashStore, lifetime: number): TextsById => ({
  all: () => hashGetAll(table),
  put: async (id, text) => void (await compareAndSet(table, id, undefined, text, lifetime)),
  remove: async (id) => {
    const text = (await hashGetAll(table)).get(id);
    return text !== undefined && compareAndSet(table, id, text, undefined, lifetime);
  },
});

/** Encrypted with a key of the credential of their profile: without it none can be read, made or changed. */
export const createStandingApprovals = (
  texts: TextsById,
  secretOf: (profile: string) => string,
  now: () => number = () => Date.now(),
): StandingApprovals => {
  const read = (id: string, text: string): StandingApproval | undefined => {
    try {
      const saved: unknown = JSON.parse(text);
      if (!isRecord(saved)) return undefined;
      const { profile, encrypted } = saved as { profile: string; encrypted: string };
      const approval = decryptValue(secretOf(profile), 'standing', id, encrypted) as StandingApproval;
      return approval.profile === profile ? approval : undefined;
    } catch {
      // Of another credential, or not made here.
      return undefined;
    }
  };
  return {
    save: (approval) => {
      const { id, profile } = approval;
      const encrypted = encryptValue(secretOf(profile), 'standing', id, approval);
      return texts.put(id, JSON.stringify({ profile, encrypted }));
    },
    list: async () => {
      const found: StandingApproval[] = [];
      for (const [id, text] of await texts.all()) {
        const approval = read(id, text);
        if (approval && approval.until > now()) found.push(approval);
        else if (approval) await texts.remove(id);
      }
      return found.sort((a, b) => b.given - a.given);
    },
    remove: (id) => texts.remove(id),
  };
};
