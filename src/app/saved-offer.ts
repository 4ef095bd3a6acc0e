import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../folder.ts';
import { readLiveApis, type LiveApi } from '../catalog/live.ts';
import { isRecord } from '../rows.ts';
import { version } from '../version.ts';

/** What a cloud said it offers, as it is saved: `digest` names it. Accounts with the same rights share it. */
export interface OfferText {
  digest: string;
  text: string;
}

/** What a cloud said it offers, saved between starts. */
export interface SavedOffer {
  /** Undefined where nothing is saved, or what is saved is too old or cannot be read. */
  read(): Promise<readonly LiveApi[] | undefined>;
  /** A folder that cannot be written is no failure: the cloud is asked at the next start. */
  save(offer: OfferText): Promise<void>;
}

/** Milliseconds after which the cloud is asked before anything that needs its answer. */
const maxAgeMs = 7 * 86_400_000;

/** Without the answers' fields, which make up most of it and are not used. */
const toSaved = ({ name, isasync, since, params }: LiveApi): LiveApi => ({
  name,
  ...(isasync === undefined ? {} : { isasync }),
  ...(since === undefined ? {} : { since }),
  ...(params
    ? {
        params: params.map(({ name, type, required, related, since }) => ({
          name,
          ...(type === undefined ? {} : { type }),
          ...(required ? { required } : {}),
          ...(related === undefined ? {} : { related }),
          ...(since === undefined ? {} : { since }),
        })),
      }
    : {}),
});

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** The part of an answer that is saved. */
export const toOfferText = (apis: readonly LiveApi[]): OfferText => {
  const text = JSON.stringify(apis.map(toSaved));
  return { digest: digestOf(text), text };
};

const write = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
};

/** Offers that no one has used for long go. */
const clean = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > 2 * maxAgeMs) await rm(path, { force: true });
  }
};

/**
 * The offer of one endpoint and credential in the state folder. `identity` reveals neither. A small file for each says which
 * offer it has: a megabyte that many share is there once.
 */
export const createSavedOffer = (state: string, identity: string): SavedOffer => {
  const folder = join(state, 'offers');
  const pathOf = (name: string): string => join(folder, `${name}.json`);
  const path = pathOf(digestOf(`${version} ${identity}`));
  return {
    read: async () => {
      try {
        const saved: unknown = JSON.parse(await readFile(path, 'utf8'));
        if (!isRecord(saved)) return undefined;
        const age = Date.now() - Number(saved['at']);
        if (!(age >= 0 && age < maxAgeMs)) return undefined;
        const text = await readFile(pathOf(String(saved['offer'])), 'utf8');
        if (digestOf(text) !== saved['offer']) return undefined;
        const rows: unknown = JSON.parse(text);
        const { apis, skipped } = readLiveApis(Array.isArray(rows) ? rows.filter(isRecord) : []);
        return apis.length && !skipped ? apis : undefined;
      } catch {
        return undefined;
      }
    },
    save: async ({ digest, text }) => {
      try {
        makeFolder(folder);
        const now = new Date();
        await utimes(pathOf(digest), now, now).catch(() => write(pathOf(digest), text));
        await write(path, JSON.stringify({ at: now.getTime(), offer: digest }));
        await clean(folder);
      } catch {
        // Said nowhere: the state folder's own users say what is wrong with it.
      }
    },
  };
};
