import { createHash, randomBytes } from 'node:crypto';
import { CallError } from '../errors.ts';
import {
  judgeNew,
  judgeProof,
  readClientData,
  type NewPasskey,
  type PasskeyProof,
  type PasskeySite,
} from './webauthn.ts';

/** A passkey of a principal, as it is kept. */
export interface Passkey {
  id: string;
  /** The public key (SPKI in base64url), and COSE's number of its algorithm. */
  key: string;
  algorithm: number;
  /** Uses that the authenticator had counted. */
  counter: number;
  /** The host name of the page on which it was added. */
  site: string;
  /** ISO 8601. */
  added: string;
}

/** Passkeys of principals. What they sign is a challenge for one purpose, which counts once. */
export interface Passkeys {
  list(principal: string): Promise<readonly Passkey[]>;
  /** A challenge that one of the principal's passkeys may sign for this purpose. */
  ask(principal: string, purpose: string): Promise<string>;
  /** Adds one that was made for a challenge of `newPurpose`; where there is one already, it has to agree. Throws a CallError. */
  add(principal: string, site: PasskeySite, given: NewPasskey, proof: PasskeyProof | undefined): Promise<void>;
  /** Throws a CallError unless one of the principal's own passkeys has signed a challenge for exactly this purpose. */
  check(principal: string, site: PasskeySite, purpose: string, proof: PasskeyProof | undefined): Promise<void>;
  /** Removes one with the agreement of any of them. Throws a CallError. */
  remove(principal: string, site: PasskeySite, id: string, proof: PasskeyProof | undefined): Promise<void>;
  /** Removes all, as the operator; false where there are none. */
  reset(principal: string): Promise<boolean>;
}

/** Where the passkeys of each principal lie, under an id of theirs; an empty text where there are none any more. */
export interface PasskeyTexts {
  get(id: string): Promise<string | undefined>;
  put(id: string, text: string): Promise<void>;
}

/** What challenges need of a store. */
export interface ChallengeStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttl: number): Promise<void>;
  setIfAbsent(key: string, ttl: number): Promise<boolean>;
}

/** Milliseconds in which a challenge is to be signed. */
export const challengeMs = 120_000;
/** Passkeys of one principal. */
const maxPasskeys = 5;

/** Of challenges for a new passkey. */
export const newPurpose = 'new passkey';
/** Of challenges for changing which passkeys there are. */
export const changePurpose = 'change passkeys';

const refused = (why: string): CallError =>
  new CallError('refused', `The passkey does not count: ${why}.`, 'Try again with a passkey of yours for this page.');

const textId = (principal: string): string => createHash('sha256').update(principal).digest('base64url');

interface SavedPasskeys {
  principal: string;
  passkeys: Passkey[];
}

/** Opens the passkeys that lie in these texts, with challenges in a store. */
export const createPasskeys = (texts: PasskeyTexts, store: ChallengeStore): Passkeys => {
  const list = async (principal: string): Promise<Passkey[]> => {
    const text = await texts.get(textId(principal));
    const saved = text === undefined ? undefined : (JSON.parse(text) as SavedPasskeys);
    return saved?.principal === principal ? saved.passkeys : [];
  };
  const save = async (principal: string, passkeys: readonly Passkey[]): Promise<void> => {
    await texts.put(textId(principal), passkeys.length ? JSON.stringify({ principal, passkeys }) : '');
  };
  const keyOf = (challenge: string): string => `passkey:${challenge}`;
  /** Uses a challenge up, whatever comes of it. Throws a CallError for one that was for something else, or is over. */
  const use = async (clientData: string, principal: string, purpose: string): Promise<void> => {
    const { challenge } = readClientData(clientData);
    if (typeof challenge !== 'string' || !/^[\w-]{43}$/.test(challenge))
      throw refused('it does not answer a question of this server');
    const asked = await store.get(keyOf(challenge));
    if (asked === undefined || !(await store.setIfAbsent(`${keyOf(challenge)}:used`, 2 * challengeMs)))
      throw refused('its challenge has expired, or was already used');
    if (asked !== JSON.stringify([principal, purpose])) throw refused('it was asked for something else');
  };
  const check: Passkeys['check'] = async (principal, site, purpose, proof) => {
    const own = await list(principal);
    if (!own.length)
      throw new CallError('refused', 'You have no passkey here.', 'Add one on the page, under You, then try again.');
    if (!proof) throw refused('there is none');
    await use(proof.clientData, principal, purpose);
    const passkey = own.find(({ id, site: added }) => id === proof.id && added === site.id);
    if (!passkey) throw refused('it is not one of yours on this page');
    const verdict = judgeProof(proof, passkey, site);
    if ('obstacle' in verdict) throw refused(verdict.obstacle);
    const { counter } = verdict;
    await save(
      principal,
      own.map((one) => (one === passkey ? { ...one, counter } : one)),
    );
  };
  return {
    list,
    check,
    ask: async (principal, purpose) => {
      const challenge = randomBytes(32).toString('base64url');
      await store.set(keyOf(challenge), JSON.stringify([principal, purpose]), challengeMs);
      return challenge;
    },
    add: async (principal, site, given, proof) => {
      await use(given.clientData, principal, newPurpose);
      const verdict = judgeNew(given, site);
      if ('obstacle' in verdict) throw refused(verdict.obstacle);
      if ((await list(principal)).length) await check(principal, site, changePurpose, proof);
      const own = await list(principal);
      if (own.length >= maxPasskeys) throw refused(`you have ${own.length} already`);
      if (own.some(({ id }) => id === given.id)) throw refused('it is yours already');
      const { id, publicKey: key, algorithm } = given;
      const added = new Date().toISOString();
      await save(principal, [...own, { id, key, algorithm, counter: verdict.counter, site: site.id, added }]);
    },
    remove: async (principal, site, id, proof) => {
      await check(principal, site, changePurpose, proof);
      const own = await list(principal);
      await save(
        principal,
        own.filter((one) => one.id !== id),
      );
    },
    reset: async (principal) => {
      const { length } = await list(principal);
      await save(principal, []);
      return length > 0;
    },
  };
};
