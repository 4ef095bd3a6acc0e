import { BlockList, isIP } from 'node:net';
import type { HttpSettings } from '../config/http.ts';
import { CallError } from '../errors.ts';

/** Tells requests apart by the client that they come from. */
export interface ClientAddresses {
  /** Whether an address is a proxy whose word about its clients counts. */
  isProxy(address: string): boolean;
  /** The client's address: of IPv6 its network of 64 bits, which one client has for itself. */
  of(remote: string | undefined, headers: Headers): string;
}

/** Addresses in X-Forwarded-For that are read; a chain of proxies is shorter. */
const maxHops = 20;

/** IPv4 in IPv6 is IPv4. */
const plain = (address: string): string => address.trim().replace(/^::ffff:(?=\d+\.)/i, '');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** The first 64 bits of an IPv6 address, as a text that differs with them. */
const networkOf = (address: string): string => {
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]!.split('::');
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(tail === undefined ? 0 : Math.max(0, 8 - before!.length - after!.length)).fill('0');
  return [...before!, ...zeros, ...after!]
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':');
};

/** Reads `trustedProxies`. Throws a configuration error for what is no address or network. */
export const createClientAddresses = ({ trustedProxies }: Pick<HttpSettings, 'trustedProxies'>): ClientAddresses => {
  const proxies = new BlockList();
  for (const given of trustedProxies.split(',').flatMap((one) => one.trim() || [])) {
    const [address = '', bits, ...others] = given.split('/');
    const max = isIP(address) === 6 ? 128 : 32;
    const isBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max);
    if (!isIP(address) || !isBits || others.length)
      throw new CallError(
        'configuration',
        'trustedProxies has a value that is neither an address nor a network.',
        'Give addresses such as 10.0.0.7, or networks such as 10.0.0.0/8.',
      );
    proxies.addSubnet(address, bits === undefined ? max : Number(bits), familyOf(address));
  }
  const hasProxies = proxies.rules.length > 0;
  const isProxy = (address: string): boolean =>
    hasProxies && isIP(address) !== 0 && proxies.check(address, familyOf(address));
  return {
    isProxy: (address) => isProxy(plain(address)),
    of: (remote, headers) => {
      let client = plain(remote ?? '');
      const forwarded = isProxy(client) ? (headers.get('x-forwarded-for') ?? '') : '';
      // Each proxy adds, on the right, who came to it: what stands left of the first that is not ours is hearsay.
      const hops = forwarded.slice(-1000).split(',').slice(-maxHops).map(plain);
      while (hops.length && isProxy(client)) {
        const next = hops.pop()!;
        if (!isIP(next)) break;
        client = next;
      }
      return isIP(client) === 6 ? networkOf(client) : client;
    },
  };
};
