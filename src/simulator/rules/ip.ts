import ipaddr from 'ipaddr.js';

const { IPv4 } = ipaddr;

/** An IPv4 address as a number; NaN for anything else. */
export const toNumber = (address: string): number =>
  IPv4.isValidFourPartDecimal(address.trim())
    ? Buffer.from(IPv4.parse(address.trim()).toByteArray()).readUInt32BE()
    : NaN;

/** The dotted text of an address. */
export const toAddress = (number: number): string =>
  new IPv4([24, 16, 8, 0].map((shift) => (number >>> shift) & 255)).toString();

/** First and last address of a block such as `10.1.1.0/24`, its prefix length, and the block written properly. */
export interface Block {
  first: number;
  last: number;
  bits: number;
  text: string;
}

/** Reads a block, or an address as a block of one; undefined for anything else. */
export const parseBlock = (cidr: string): Block | undefined => {
  const whole = cidr.includes('/') ? cidr : `${cidr}/32`;
  if (!IPv4.isValidCIDRFourPartDecimal(whole)) return undefined;
  const [, bits] = IPv4.parseCIDR(whole);
  const network = IPv4.networkAddressFromCIDR(whole).toString();
  const last = toNumber(IPv4.broadcastAddressFromCIDR(whole).toString());
  return { first: toNumber(network), last, bits, text: `${network}/${bits}` };
};

/** `10.1.1.1` and `255.255.255.0` → the block around them; undefined if they make none. */
export const blockOf = (gateway: string, netmask: string): Block | undefined => {
  if (!IPv4.isValidFourPartDecimal(netmask)) return undefined;
  const bits = IPv4.parse(netmask).prefixLengthFromSubnetMask();
  return bits === null ? undefined : parseBlock(`${gateway}/${bits}`);
};

/** Netmask of a block. */
export const maskOf = ({ bits }: Block): string => IPv4.subnetMaskFromPrefixLength(bits).toString();

/** Whether two blocks share an address. */
export const overlap = (a: Block, b: Block): boolean => a.first <= b.last && b.first <= a.last;

/** Whether one block lies in another. */
export const holds = (outer: Block, inner: Block): boolean => outer.first <= inner.first && inner.last <= outer.last;

/** Whether an address lies in a block. */
export const contains = ({ first, last }: Block, address: string): boolean => {
  const number = toNumber(address);
  return number >= first && number <= last;
};

const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(
  (cidr) => parseBlock(cidr) as Block,
);

/** Whether a block lies among private addresses (RFC 1918 and 6598). */
export const isPrivate = (cidr: string): boolean => {
  const block = parseBlock(cidr);
  return block !== undefined && privateBlocks.some((range) => holds(range, block));
};
