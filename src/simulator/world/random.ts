/** A repeatable source of chance: the same seed gives the same uuids, addresses and faults. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  uuid(): string;
  /** Characters of base64url, as CloudStack's API keys are written. */
  key(length: number): string;
  /** Where it stands, and how to go on from there. */
  state(): number;
  resume(state: number): void;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Mulberry32: small, quick, and good enough for ids that only have to be distinct. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const hex = (): string => word().toString(16).padStart(8, '0');
  return {
    next: () => word() / 2 ** 32,
    state: () => state,
    resume: (from) => void (state = from >>> 0),
    uuid: () => {
      const [a, b, c, d] = [hex(), hex(), hex(), hex()];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${'89ab'[word() & 3]}${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
    key: (length) => Array.from({ length }, () => alphabet[word() & 63]).join(''),
  };
};
