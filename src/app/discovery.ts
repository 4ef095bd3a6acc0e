import { createHash } from 'node:crypto';
import { joinCatalog, loadCatalog } from '../catalog/catalog.ts';
import { readLiveApis } from '../catalog/live.ts';
import type { Cloud } from '../call/composition.ts';
import type { CloudStack, SendOptions } from '../cloudstack/cloudstack.ts';
import { createSemaphore, type Semaphore } from '../cloudstack/semaphore.ts';
import { CallError } from '../errors.ts';
import { toReadWire } from '../request/to-wire.ts';
import { rowsOf, type Row } from '../rows.ts';
import { toOfferText, type OfferText, type SavedOffer } from './saved-offer.ts';

/** A cloud that could not say what it offers is asked again after this many milliseconds. */
const retryIntervalMs = 60_000;
/** One that did is asked again after this many: roles, releases and plugins change. */
const maxAgeMs = 900_000;
const timeoutMs = 10_000;

/** How many accounts of one cloud ask at the same time: each answer is a megabyte or more to read. */
const atOnce = 2;
/** How many different answers are known at a time: about as many as clouds have roles. */
const maxKnown = 32;

/** The commands of a cloud, and whether it said itself which they are. */
export type Offer = Pick<Cloud, 'catalog' | 'discovery'>;

interface Known {
  offer: Offer;
  saved: OfferText | undefined;
  skipped: string | undefined;
}

/** By digest of the answer's text, the one that was needed last at the end: accounts with one role get the same. */
const knownAnswers = new Map<string, Known>();

/** What the accounts of each endpoint take turns by. */
export const createTurns = (): ((endpoint: string) => Semaphore) => {
  const turns = new Map<string, Semaphore>();
  return (endpoint) => {
    const known = turns.get(endpoint);
    if (known) return known;
    const made = createSemaphore({ connections: atOnce, maxWaiting: Infinity });
    turns.set(endpoint, made);
    return made;
  };
};

const readAnswer = (rows: readonly Row[]): Known => {
  const { apis, skipped } = readLiveApis(rows);
  if (!apis.length) throw new CallError('protocol', 'listApis names no command', '');
  return {
    offer: { catalog: joinCatalog(apis), discovery: skipped ? 'partial' : 'done' },
    saved: skipped ? undefined : toOfferText(apis),
    skipped: skipped
      ? `${skipped} of ${apis.length + skipped} commands of listApis cannot be read and are left out.`
      : undefined,
  };
};

/** What one cloud offers, asked for once. */
export interface Discovery {
  /** As far as it is known now. */
  offer(): Offer;
  /** Waits for what was saved at an earlier start, else for the cloud; `asked`: for the cloud in any case. Never rejects. */
  discover(options?: { asked: boolean }): Promise<Offer>;
  /**
   * Asks a cloud that has answered once more, beside what goes on, where its answer is old; `isRefused`: where it has refused a
   * command as not there.
   */
  refresh(options: { isRefused: boolean }): void;
  /** Resolves once nothing is being saved. */
  close(): Promise<void>;
}

/** For a cloud whose commands are all that is known. */
export const noDiscovery: Discovery = {
  offer: () => ({ catalog: loadCatalog(), discovery: 'off' }),
  discover: () => Promise.resolve({ catalog: loadCatalog(), discovery: 'off' }),
  refresh: () => undefined,
  close: () => Promise.resolve(),
};

/** Asks a cloud for its commands, without holding up one that is down. */
export const createDiscovery = (
  cloudstack: CloudStack,
  report: (message: string) => void,
  saved: () => Promise<SavedOffer | undefined>,
  turns: Semaphore,
  onChange: () => void,
): Discovery => {
  let current: Offer = { catalog: loadCatalog(), discovery: 'pending' };
  let asked: Promise<Offer> | undefined;
  let opened: Promise<Offer | undefined> | undefined;
  let isReported = false;
  let saving: Promise<void> | undefined;
  let answeredAt = 0;
  /** The cloud was asked once more, and nothing had changed. */
  let isSame = false;
  let isAsking = false;
  const take = (offer: Offer): Offer => {
    const isChange = offer.catalog !== current.catalog;
    current = offer;
    if (isChange) onChange();
    return offer;
  };
  const read = async (limit: Pick<SendOptions, 'signal' | 'deadline'>): Promise<Offer> => {
    const wire = toReadWire(loadCatalog().find('listApis')!, {});
    let digest = '';
    let same: Known | undefined;
    const readText = (text: string): Row | undefined => {
      digest = createHash('sha256').update(text).digest('base64');
      same = knownAnswers.get(digest);
      return same && {};
    };
    const { body } = await cloudstack.send(wire, { ...limit, wait: 0, retries: 0, readText });
    const answer = same ?? readAnswer(rowsOf(body));
    knownAnswers.delete(digest);
    knownAnswers.set(digest, answer);
    if (knownAnswers.size > maxKnown) knownAnswers.delete(knownAnswers.keys().next().value!);
    if (answer.skipped !== undefined) report(answer.skipped);
    if (answer.saved) saving = saved().then((place) => place?.save(answer.saved!));
    isSame = answer.offer.catalog === current.catalog;
    answeredAt = Date.now();
    return take(answer.offer);
  };
  const ask = async (): Promise<Offer> => {
    isAsking = true;
    const limit = { signal: new AbortController().signal, deadline: Date.now() + timeoutMs };
    try {
      await turns.acquire({ command: 'listApis', ...limit });
      return await read(limit).finally(() => turns.release());
    } finally {
      isAsking = false;
    }
  };
  const isAnswered = (): boolean => current.discovery === 'done' || current.discovery === 'partial';
  const askOnce = (): Promise<Offer> =>
    (asked ??= ask().catch((error: unknown) => {
      // The call itself will say what is wrong with the cloud; until then what is known serves.
      setTimeout(() => (asked = undefined), retryIntervalMs).unref();
      const reason = error instanceof CallError ? error.kind : 'failed';
      // A server that closes ends what goes on beside calls.
      const isNews = !isReported && reason !== 'cancelled' && !isAnswered();
      if (isNews)
        report(
          `which commands this account may call cannot be read (${reason}). Until then, all known commands are offered.`,
        );
      isReported ||= isNews;
      if (current.discovery === 'pending') current = { catalog: loadCatalog(), discovery: 'failed' };
      return current;
    }));
  const open = async (): Promise<Offer | undefined> => {
    const apis = await (await saved())?.read();
    if (!apis || current.discovery !== 'pending') return undefined;
    return take({ catalog: joinCatalog(apis), discovery: 'saved' });
  };
  const refresh: Discovery['refresh'] = ({ isRefused }) => {
    const minAgeMs = !isRefused ? maxAgeMs : isSame ? retryIntervalMs : 0;
    if (!isAnswered() || isAsking || Date.now() - answeredAt < minAgeMs) return;
    asked = undefined;
    setImmediate(() => void askOnce());
  };
  return {
    close: async () => saving,
    offer: () => current,
    refresh,
    discover: async ({ asked: isAsked } = { asked: false }) => {
      if (!asked && !isAsked && (await (opened ??= open()))) {
        // The rights of an account change: what was saved serves until the cloud has answered.
        setImmediate(() => void askOnce());
        return current;
      }
      if (isAsked || !(isAnswered() || current.discovery === 'saved')) return askOnce();
      refresh({ isRefused: false });
      return current;
    },
  };
};
