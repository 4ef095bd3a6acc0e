import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { isBase64 } from './encode-texts.ts';
import { isSecretName } from '../secrets/names.ts';
import { isId, toLabel } from '../text.ts';
import { isTimeZone } from './time-zone.ts';

const nearlyUuid = /^(?=.*[0-9])[0-9a-f-]{30,40}$/i;
const date = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const hostName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const mac = /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;
// CloudStack refuses control characters other than line feed and carriage return.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/;

const isCidr = (value: string): boolean =>
  ipaddr.IPv4.isValidCIDRFourPartDecimal(value) || ipaddr.IPv6.isValidCIDR(value);

/** A day that does not exist becomes another one when it is parsed. */
const isDate = (value: string): boolean => {
  const moment = new Date(`${value.slice(0, 10)}T${value.slice(11, 19) || '00:00:00'}Z`);
  return date.test(value) && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(value.slice(0, 10));
};

// Markers only: what stands between them CloudStack reads.
const pem = /^\s*-----BEGIN [A-Z0-9 ]+-----\s[^]*-----END [A-Z0-9 ]+-----\s*$/;
const checksum = /^(?:\{(?:MD5|SHA-(?:1|224|256|384|512))\})?[0-9a-f]{32,128}$/i;
const publicKey = /^\s*(?:ssh-|ecdsa-sha2-|sk-)\S+\s+\S/;

/** Text that was meant as a uuid but is none, so that it is not looked up as a name. */
export const isBrokenUuid = (value: string): boolean => nearlyUuid.test(value) && !isId(value);

const formats: Record<string, { test: (value: string) => boolean; looks: string }> = {
  cidr: { test: isCidr, looks: 'a CIDR such as 10.1.0.0/24' },
  'cidr-list': {
    test: (value) => value.split(',').every((part) => isCidr(part.trim())),
    looks: 'CIDRs such as 10.1.0.0/24,192.168.0.0/16',
  },
  ip: { test: (value) => isIP(value) > 0, looks: 'an IP address such as 10.1.0.5' },
  'host-name': {
    test: (value) => hostName.test(value),
    looks: 'a host name: letters, digits and hyphens, 63 at most, no hyphen at the ends',
  },
  mac: { test: (value) => mac.test(value), looks: 'a MAC address such as 02:00:4c:7f:00:01' },
  'time-zone': { test: isTimeZone, looks: 'a time zone such as Europe/Berlin, UTC or GMT+2' },
  pem: { test: (value) => pem.test(value), looks: 'PEM text, from -----BEGIN …----- to -----END …-----' },
  'base64-image': { test: isBase64, looks: 'an image as base64' },
  checksum: {
    test: (value) => checksum.test(value.trim()),
    looks: 'hexadecimal digits, {ALGORITHM} before them where it is not MD5, such as {SHA-256}ab12…',
  },
  'public-key': {
    // It may be base64 as a whole.
    test: (value) => publicKey.test(value) || publicKey.test(Buffer.from(value, 'base64').toString()),
    looks: 'the line of an OpenSSH public key, such as ssh-ed25519 AAAA… name',
  },
};

/** What is wrong with one text value of a command's parameter, or undefined. `named`: a name will be looked up. */
export const problemWith = (
  { name: command }: Command,
  parameter: Parameter,
  value: string,
  named: boolean,
): string | undefined => {
  const is = (looks: string): string =>
    `${parameter.name} must be ${looks}${isSecretName(parameter.name) ? '' : `, not "${toLabel(value)}"`}`;
  if (control.test(value)) return `${parameter.name} contains a control character, which CloudStack refuses`;
  if (parameter.type === 'date')
    return isDate(value) ? undefined : is('a date such as 2026-01-31, 2026-01-31 12:00:00 or 2026-01-31T12:00:00+0000');
  if (parameter.type === 'uuid' || parameter.of === 'uuid') {
    if (isId(value) || value === '-1') return undefined;
    if (!named) return is('an id (uuid)');
    return value.trim() === '' || isBrokenUuid(value) ? is('a whole uuid or a name') : undefined;
  }
  const names = loadData<Record<string, readonly string[]>>('formats.json');
  const isOf = (format: string): boolean | undefined =>
    names[format]?.includes(parameter.name) || parameter.validations?.some((one) => names[format]?.includes(one));
  for (const [format, { test, looks }] of Object.entries(formats))
    if (isOf(format) && !test(value) && !names['or-host-name']?.includes(`${command}.${parameter.name}`))
      return is(looks);
  const maxLength = parameter.length ?? 255;
  if (parameter.type === 'string' && value.length > maxLength)
    return `${parameter.name} may have at most ${maxLength} characters, not ${value.length}`;
  return undefined;
};

/** CloudStack parses `2026-01-31T12:00:00+0000` and `2026-01-31 12:00:00`; no `Z`, no fractions of a second. */
export const toCloudStackDate = (value: string): string => {
  const [, day = value, time, zone = ''] = /^(.{10})[T ](.{8})(?:\.\d+)?(\D.*)?$/.exec(value) ?? [];
  if (time === undefined) return value;
  return zone ? `${day}T${time}${zone.replace('Z', '+0000').replace(':', '')}` : `${day} ${time}`;
};
