import type { Parameter } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';

const samples: Readonly<Record<string, string>> = {
  base64: 'eA==',
  'base64-image': 'eA==',
  cidr: '10.9.0.0/24',
  'cidr-list': '10.9.0.0/24',
  ip: '10.9.0.5',
  mac: '02:00:4c:7f:00:01',
  pem: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----',
  checksum: 'ab'.repeat(16),
  'public-key': 'ssh-ed25519 AAAA x',
  'time-zone': 'Europe/Berlin',
  'host-name': 'web-1',
};

/** A text of the format that data/formats.json says of a parameter; undefined where it says none. */
export const formatted = ({ name, validations = [] }: Pick<Parameter, 'name' | 'validations'>): string | undefined => {
  const format = Object.entries(loadData<Record<string, string[]>>('formats.json')).find(([, names]) =>
    [name, ...validations].some((one) => names.includes(one)),
  )?.[0];
  return format === undefined ? undefined : samples[format];
};
