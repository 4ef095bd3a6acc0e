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
};

/** A text of the format that data/formats.json says of a parameter; undefined where it says none. */
export const formatted = (name: string): string | undefined => {
  const format = Object.entries(loadData<Record<string, string[]>>('formats.json')).find(([, names]) =>
    names.includes(name),
  )?.[0];
  return format === undefined ? undefined : samples[format];
};
