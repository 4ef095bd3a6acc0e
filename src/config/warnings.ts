import { statSync } from 'node:fs';
import { isLoopback } from '../loopback.ts';

/** What a configuration was read from, as far as it can be unsafe. */
export interface Sources {
  /** Files that hold a secret. */
  secretFiles: readonly string[];
  /** The configuration file, where it holds none: it still says who may do what. */
  ruleFile?: string | undefined;
  /** Endpoints by the name of their profile. */
  endpoints: Readonly<Record<string, string | undefined>>;
  /** Proxies on the way, by the variable that names them. */
  proxies: Readonly<Record<string, string | undefined>>;
  /** What else a credential is sent to, by what it is called. */
  services: Readonly<Record<string, string | undefined>>;
}

// A container's own secrets: their modes are the runtime's to choose, and no one else is in there.
// https://docs.docker.com/compose/how-tos/use-secrets/
const containerSecrets = '/run/secrets/';

const modeOf = (path: string): number => {
  // Windows has no modes.
  if (process.platform === 'win32') return 0;
  return (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
};

const show = (mode: number): string => mode.toString(8).padStart(3, '0');

const checkSecretFile = (path: string): string[] => {
  const mode = modeOf(path);
  if (!(mode & 0o077) || path.startsWith(containerSecrets)) return [];
  return [`${path} holds a secret, and others than its owner have access to it (mode ${show(mode)}): chmod 600 it.`];
};

const checkRuleFile = (path: string): string[] => {
  const mode = modeOf(path);
  return mode & 0o022 ? [`${path} can be changed by others than its owner (mode ${show(mode)}): chmod go-w it.`] : [];
};

const checkEndpoint = (profile: string, endpoint: string | undefined): string[] => {
  const { protocol, host, hostname } = new URL(endpoint ?? 'https://none');
  if (protocol !== 'http:' || isLoopback(hostname)) return [];
  return [
    `Profile ${profile}: http://${host} is not encrypted. Passwords, session keys and answers can be read on the way: use https.`,
  ];
};

const checkService = (name: string, address: string | undefined): string[] => {
  const { protocol, host, hostname } = new URL(address ?? 'https://none');
  if ((protocol !== 'http:' && protocol !== 'redis:') || isLoopback(hostname)) return [];
  return [
    `${name}: ${protocol}//${host} is not encrypted. The credential that goes there, and what is sent, can be read on the way: use ${protocol === 'http:' ? 'https' : 'rediss'}.`,
  ];
};

const checkProxy = (name: string, address: string | undefined): string[] => {
  const { protocol, host, hostname, username, password } = new URL(address || 'https://none');
  if (protocol !== 'http:' || isLoopback(hostname) || !(username || password)) return [];
  return [`${name}: http://${host} is not encrypted. The credential in it can be read on the way: use https.`];
};

/** What is unsafe about where a configuration comes from and where it leads, a sentence each; never a secret. */
export const findWarnings = ({ secretFiles, ruleFile, endpoints, proxies, services }: Sources): string[] => [
  ...[...new Set(secretFiles)].flatMap(checkSecretFile),
  ...(ruleFile === undefined ? [] : checkRuleFile(ruleFile)),
  ...Object.entries(endpoints).flatMap(([profile, endpoint]) => checkEndpoint(profile, endpoint)),
  ...Object.entries(proxies).flatMap(([name, address]) => checkProxy(name, address)),
  ...Object.entries(services).flatMap(([name, address]) => checkService(name, address)),
];
