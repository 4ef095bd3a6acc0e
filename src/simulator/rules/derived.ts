import { createHash } from 'node:crypto';

const hash = (text: string): string => createHash('sha1').update(text).digest('hex');

/** The uuid of something that belongs to another and is not stored itself: always the same for the same words. */
export const derivedId = (...words: string[]): string => {
  const hex = hash(words.join(' '));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** A MAC address of the same sort. */
export const derivedMac = (...words: string[]): string =>
  `02:${(hash(words.join(' ')).slice(0, 10).match(/../g) ?? []).join(':')}`;

/** Id of the network of a zone that carries a traffic type, of which CloudStack lists the ids only. */
export const systemNetworkId = (zoneId: string, traffic: 'Public' | 'Control'): string => derivedId(zoneId, traffic);
