import { CallError } from '../errors.ts';

/** Where the audit log goes. */
export type AuditTarget =
  | { kind: 'file'; path: string }
  | { kind: 'stderr' }
  | { kind: 'otlp' }
  | { kind: 'syslog'; host: string; port: number }
  | { kind: 'syslog'; socket: string | undefined };

const wrong = (word: string): CallError =>
  new CallError(
    'configuration',
    `"${word}" is not a place for the audit log.`,
    'Use a file such as /var/log/cloudstack-mcp/audit.jsonl, stderr, syslog, syslog:host:port, syslog:/dev/log, otlp, or several, comma-separated.',
  );

const parse = (word: string): AuditTarget => {
  if (word === 'stderr' || word === 'otlp') return { kind: word };
  if (word === 'syslog') return { kind: 'syslog', socket: undefined };
  const [scheme, rest] = [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)];
  if (scheme === 'syslog') {
    if (rest.startsWith('/')) return { kind: 'syslog', socket: rest };
    const { host, port } = /^(?<host>\[[\da-f:.]+\]|[^\s/[\]:]+)(?::(?<port>\d{1,5}))?$/i.exec(rest)?.groups ?? {};
    if (host === undefined || Number(port ?? 514) > 65_535) throw wrong(word);
    return { kind: 'syslog', host: host.replace(/[[\]]/g, ''), port: Number(port ?? 514) };
  }
  // A word without a dot or a slash is a place that does not exist, not a file in whatever folder this runs in.
  if (!/[./\\]/.test(word)) throw wrong(word);
  return { kind: 'file', path: word };
};

/** Reads the setting `audit`: places with commas between them. Throws a configuration error for one that is none. */
export const parseTargets = (setting: string): AuditTarget[] => {
  const words = setting.split(',').map((word) => word.trim());
  return [...new Set(words.filter(Boolean))].map(parse);
};

/** The files among the places of the audit log. */
export const auditFiles = (setting: string): string[] =>
  parseTargets(setting).flatMap((target) => (target.kind === 'file' ? [target.path] : []));
