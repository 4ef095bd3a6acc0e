import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../folder.ts';
import { CallError } from '../errors.ts';
import type { HashStore } from '../guard/shared-approvals.ts';
import type { PlanSeed } from '../placeholders.ts';
import { toLabel } from '../text.ts';
import type { Row } from '../rows.ts';
import type { View } from '../types.ts';
import type { PlannedCall } from './record.ts';
import { hasPlace } from '../limits.ts';

/** How far a plan has come. */
export type PlanStateName = 'open' | 'applying' | 'applied' | 'stopped' | 'discarded';

/** A read on which a plan rests, and the version of its rows. */
export interface PlannedRead {
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
  view: View;
  version: string;
}

/** A plan as it is saved: what would be called, and what a person was shown of it. */
export interface SavedPlan {
  id: string;
  seed: PlanSeed;
  /** Of the steps and of everything that was read for them. */
  digest: string;
  state: PlanStateName;
  /** Who made it, when (milliseconds since 1970), for which cloud. */
  principal: string;
  made: number;
  profile: string;
  /** Which cloud it was made for, with which credential: the profile of the same name may be another one elsewhere. */
  cloud: string;
  /** The tool of the compact list that it was made with. */
  riskTool: 'change' | 'destroy';
  calls: readonly PlannedCall[];
  /** The calls and the reads as they are saved, encrypted. */
  encrypted?: string | undefined;
  /** Enough alone. */
  text: string;
  /** The same as data. */
  shown: Row;
  /** Steps that are done, with the id of what each made and the call in the audit log. */
  done: readonly { number: number; id?: string | undefined }[];
  /** Digest of the script that it was made of, and why the script did not come to its end. */
  script?: string | undefined;
  goesOn?: string | undefined;
  /** What the script read, and the versions of what it was shown. */
  reads?: readonly PlannedRead[] | undefined;
  /** Why it stopped. */
  problem?: string | undefined;
}

/** Plans that wait to be applied, and those that were. */
export interface Plans {
  /** Throws a CallError where so many are saved that this one is not. */
  save(plan: SavedPlan): Promise<void>;
  find(id: string): Promise<SavedPlan | undefined>;
  /** The newest first. */
  list(): Promise<readonly SavedPlan[]>;
  /** Puts a plan in the place of one that is in this state; false where it is not, so that of several one succeeds. */
  replace(from: PlanStateName, plan: SavedPlan): Promise<boolean>;
}

/** Hours for which a plan is saved. */
export const planHours = 24;
/** Plans that may be saved at once, and those of one principal. */
const maxPlans = 200;
const maxPlansOfOne = 50;
/** Characters of one plan as it is saved: all of them are read to find room for another. */
const maxPlan = 2 ** 18;

const lifetimeMs = planHours * 3_600_000;

const isSaved = ({ made }: SavedPlan, now: number): boolean => Math.abs(now - made) < lifetimeMs;

const newest = (plans: readonly SavedPlan[]): SavedPlan[] => [...plans].sort((a, b) => b.made - a.made);

/** The ids of plans that make room for one more: ended ones, the oldest first. Throws a CallError where all are open. */
const roomFor = (plans: readonly SavedPlan[], plan: SavedPlan): string[] => {
  const { principal } = plan;
  const { length } = JSON.stringify(plan);
  if (length > maxPlan)
    throw new CallError(
      'invalid',
      `The plan has ${length} characters; at most ${maxPlan} are saved.`,
      'Make several plans with fewer steps or shorter values. Nothing was sent.',
    );
  const own = plans.filter((one) => one.principal === principal);
  if (hasPlace(own.length, plans.length, { each: maxPlansOfOne, max: maxPlans })) return [];
  const full = own.length ? own : plans;
  const ended = newest(full.filter(({ state }) => state !== 'open' && state !== 'applying')).at(-1);
  if (ended) return [ended.id];
  throw new CallError(
    'unavailable',
    `${full.length} plans already wait to be applied.`,
    `Discard one, or apply it. They expire after ${planHours} hours. Nothing was sent.`,
  );
};

/** What a run throws becomes a rejection. */
const settle = <T>(run: () => T): Promise<T> => new Promise((resolve) => resolve(run()));

/** Plans in a folder that only its owner can enter; the name of a file tells the state, so that a rename claims it. */
export const createPlans = (folder: string, now: () => number = Date.now): Plans => {
  const pathOf = (id: string, state: PlanStateName): string => join(folder, `${id}.${state}.json`);
  const write = (path: string, plan: SavedPlan): void => {
    makeOwnFolder(folder);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(plan), { mode: 0o600 });
    renameSync(draft, path);
  };
  const readFiles = (): string[] => {
    try {
      return readdirSync(folder).filter((name) => name.endsWith('.json'));
    } catch {
      return [];
    }
  };
  const read = (name: string): SavedPlan[] => {
    try {
      const plan = JSON.parse(readFileSync(join(folder, name), 'utf8')) as SavedPlan;
      const state = name.split('.')[1] as PlanStateName;
      if (isSaved(plan, now())) return [{ ...plan, state }];
      rmSync(join(folder, name), { force: true });
    } catch {
      // Another process took it while we looked.
    }
    return [];
  };
  const list = (): SavedPlan[] => newest(readFiles().flatMap(read));
  return {
    save: (plan) =>
      settle(() => {
        for (const id of roomFor(list(), plan))
          for (const name of readFiles()) if (name.startsWith(`${id}.`)) rmSync(join(folder, name), { force: true });
        write(pathOf(plan.id, plan.state), plan);
      }),
    find: (id) =>
      settle(
        () =>
          readFiles()
            .filter((name) => name.startsWith(`${id}.`))
            .flatMap(read)[0],
      ),
    list: () => settle(list),
    replace: (from, plan) =>
      settle(() => {
        const path = pathOf(plan.id, plan.state);
        try {
          renameSync(pathOf(plan.id, from), path);
        } catch {
          return false;
        }
        write(path, plan);
        return true;
      }),
  };
};

const table = 'plans';

/** Plans in a store, so that every replica and every terminal that reach it share them. */
export const createSharedPlans = ({ hashGetAll, compareAndSet }: HashStore, now: () => number = Date.now): Plans => {
  const read = async (): Promise<Map<string, { plan: SavedPlan; text: string }>> => {
    const found = new Map<string, { plan: SavedPlan; text: string }>();
    for (const [id, text] of await hashGetAll(table)) {
      const plan = JSON.parse(text) as SavedPlan;
      if (isSaved(plan, now())) found.set(id, { plan, text });
      else await compareAndSet(table, id, text, undefined, lifetimeMs);
    }
    return found;
  };
  const listOf = (found: Awaited<ReturnType<typeof read>>): SavedPlan[] => [...found.values()].map(({ plan }) => plan);
  return {
    save: async (plan) => {
      const found = await read();
      for (const id of roomFor(listOf(found), plan))
        await compareAndSet(table, id, found.get(id)?.text, undefined, lifetimeMs);
      await compareAndSet(table, plan.id, found.get(plan.id)?.text, JSON.stringify(plan), lifetimeMs);
    },
    find: async (id) => (await read()).get(id)?.plan,
    list: async () => newest(listOf(await read())),
    replace: async (from, plan) => {
      const entry = (await read()).get(plan.id);
      if (entry?.plan.state !== from) return false;
      return compareAndSet(table, plan.id, entry.text, JSON.stringify(plan), lifetimeMs);
    },
  };
};

/** An id of a plan however it was typed. */
export const toPlanId = (text: string): string =>
  text
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .replace(/^(.{4})/, '$1-');

/** The plan of that id. Throws a CallError where there is none. */
export const requirePlan = async (plans: Plans, text: string): Promise<SavedPlan> => {
  const plan = await plans.find(toPlanId(text));
  if (!plan)
    throw new CallError(
      'not-found',
      `There is no plan ${toLabel(text, 20)}.`,
      `Plans are saved for ${planHours} hours. Make it again. Nothing was sent.`,
    );
  return plan;
};
