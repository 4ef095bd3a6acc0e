/** An IPv4 address as a number; NaN for anything else. */
export const toNumber = (address: string): number => {
  const parts = address.trim().split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return NaN;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
};

/** The dotted text of an address. */
export const toAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** First and last address of a block such as `10.1.1.0/24`, and the block written properly. */
export interface Block {
  first: number;
  last: number;
  text: string;
}

/** Reads a block; undefined for anything else. */
export const parseBlock = (cidr: string): Block | undefined => {
  const [address = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const number = toNumber(address);
  if (Number.isNaN(number) || !/^\d+$/.test(bits) || Number(bits) > 32) return undefined;
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1, text: `${toAddress(first)}/${bits}` };
};

/** `10.1.1.1` and `255.255.255.0` → the block around them; undefined if they make none. */
export const blockOf = (gateway: string, netmask: string): Block | undefined => {
  const mask = toNumber(netmask);
  if (Number.isNaN(mask)) return undefined;
  const bits = mask.toString(2).replace(/0+$/, '');
  return bits.includes('0') ? undefined : parseBlock(`${gateway}/${mask === 0 ? 0 : bits.length}`);
};

/** Netmask of a block. */
export const maskOf = ({ first, last }: Block): string => toAddress(2 ** 32 - (last - first + 1));

/** Whether two blocks share an address. */
export const overlap = (a: Block, b: Block): boolean => a.first <= b.last && b.first <= a.last;

/** Whether one block lies in another. */
export const holds = (outer: Block, inner: Block): boolean => outer.first <= inner.first && inner.last <= outer.last;

/** Whether an address lies in a block. */
export const contains = ({ first, last }: Block, address: string): boolean => {
  const number = toNumber(address);
  return number >= first && number <= last;
};
