import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { badValue } from '../world/errors.ts';

const illegal = new BlockList();
for (const [base, bits] of [
  ['0.0.0.0', 32],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
] as const)
  illegal.addSubnet(base, bits, 'ipv4');

const ports = ['', '80', '443', '8080'];

/**
 * Refuses a URL from which CloudStack downloads nothing (UriUtils.validateUrl): `file:` with a code, the others as `refuse`
 * makes them of a text. Names are not looked up.
 */
export const checkDownloadUrl = (url: string, refuse: (text: string) => Error): void => {
  if (url.toLowerCase().includes('file://')) throw badValue('File:// type urls are currently unsupported');
  if (!/^https?:/i.test(url)) throw refuse(`Unsupported scheme for url: ${url}`);
  if (!URL.canParse(url)) throw refuse(`Invalid URL ${url}`);
  const { hostname, port } = new URL(url);
  if (!ports.includes(port)) throw refuse('Only ports 80, 8080 and 443 are allowed');
  if (hostname === 'localhost' || (isIPv4(hostname) && illegal.check(hostname)))
    throw refuse('Illegal host specified in url');
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIPv6(address)) throw refuse(`IPV6 addresses not supported (${address})`);
};

const packed = ['', '.zip', '.bz2', '.gz'];

/** How files of each format end; metalinks name files of the first three. */
const endings: Readonly<Record<string, readonly string[]>> = {
  qcow2: ['qcow2', 'img'],
  ova: ['ova'],
  iso: ['iso'],
  vhd: ['vhd'],
  vhdx: ['vhdx'],
  tar: ['tar'],
  raw: ['img', 'raw'],
  vmdk: ['vmdk'],
};

const isOf = (format: string, path: string): boolean =>
  (['qcow2', 'ova', 'iso'].includes(format) && path.endsWith('.metalink')) ||
  (endings[format] ?? []).some((ending) => packed.some((more) => path.endsWith(`.${ending}${more}`)));

/** Refuses a URL whose file does not end as those of the format do (UriUtils.checkFormat). */
export const checkFileFormat = (url: string, format: string, refuse: (text: string) => Error): void => {
  const [name, path] = [format.toLowerCase(), new URL(url).pathname];
  if (endings[name] === undefined || isOf(name, path.toLowerCase())) return;
  throw refuse(
    Object.keys(endings).some((other) => isOf(other, path.toLowerCase()))
      ? `Please specify a valid URL. URL:${path} is an invalid for the format ${name}`
      : `Please specify a valid ${name}`,
  );
};
