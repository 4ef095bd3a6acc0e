import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLiveApis, type LiveApi } from '../catalog/live.ts';
import { isRecord } from '../rows.ts';
import { version } from '../version.ts';

/** What a cloud said it offers, saved between starts. */
export interface SavedOffer {
  /** Undefined where nothing is saved, or what is saved is too old or cannot be read. */
  read(): Promise<readonly LiveApi[] | undefined>;
  /** A folder that cannot be written is no failure: the cloud is asked at the next start. */
  save(apis: readonly LiveApi[]): Promise<void>;
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

/** The offer of one endpoint and credential in the state folder. `identity` reveals neither. */
export const createSavedOffer = (state: string, identity: string): SavedOffer => {
  const folder = join(state, 'offers');
  const name = createHash('sha256').update(`${version} ${identity}`).digest('hex').slice(0, 32);
  const path = join(folder, `${name}.json`);
  return {
    read: async () => {
      try {
        const saved: unknown = JSON.parse(await readFile(path, 'utf8'));
        if (!isRecord(saved) || !Array.isArray(saved['apis'])) return undefined;
        const age = Date.now() - Number(saved['at']);
        const { apis, skipped } = readLiveApis(saved['apis'].filter(isRecord));
        return age >= 0 && age < maxAgeMs && apis.length && !skipped ? apis : undefined;
      } catch {
        return undefined;
      }
    },
    save: async (apis) => {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const draft = `${path}.${process.pid}`;
        await writeFile(draft, JSON.stringify({ at: Date.now(), apis: apis.map(toSaved) }), { mode: 0o600 });
        await rename(draft, path);
      } catch {
        // Said nowhere: the state folder's own users say what is wrong with it.
      }
    },
  };
};
