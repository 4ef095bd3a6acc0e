import { existsSync } from 'node:fs';
import { code, toTable } from './markdown.ts';

/** Something written here that a library does too: what it is, the library that was looked at, and why ours stays. */
type Verdict = readonly [subject: string, file: string, library: string, why: string];

const verdicts: readonly Verdict[] = [
  [
    'circuit breaker',
    'src/cloudstack/circuit.ts',
    'cockatiel, opossum',
    'In both, a cancelled probe closes the circuit, a change may be the probe, and a caller cannot stop waiting for the probe.',
  ],
  [
    'bounded pool of requests',
    'src/cloudstack/semaphore.ts',
    'p-limit, p-queue',
    'Waiting is bounded, ends with the call’s deadline or signal, and says that nothing was sent; a free place costs no promise.',
  ],
  [
    'retries',
    'src/cloudstack/retry.ts',
    'p-retry, cockatiel',
    'The rules matter, not the loop: reads only, never what the circuit breaker refused, never past the deadline.',
  ],
  [
    'configuration files of cloudmonkey and cs',
    'src/config/read-ini.ts',
    'ini',
    'It begins a comment at a # or ; in a password, and takes the dots in a section’s name for sections within sections.',
  ],
  [
    'typing errors between two words',
    'src/spelling.ts',
    'fastest-levenshtein, which is used in it',
    'Two letters that changed places count as two there.',
  ],
  [
    'coalesced requests',
    'src/cache/in-flight.ts',
    "lru-cache's fetch()",
    'fetch() gives all callers one signal and caches the answer by key. Here each caller can leave, the last one cancels the request, and a change in between starts a new request for later callers.',
  ],
  [
    'rate limits',
    'src/store/scripts.ts',
    'rate-limiter-flexible',
    'It counts fixed windows. Ours is a token bucket in the shared store, with the same rule when the store is lost, and needs no second Redis client.',
  ],
  [
    'one writer for each audit log',
    'src/audit/claim.ts',
    'proper-lockfile',
    'It locks a path; ours also finds a free slot beside it and tells a live owner from a dead one across restarts and containers.',
  ],
  [
    'signatures of passkeys',
    'src/guard/webauthn.ts',
    '@simplewebauthn/server, @passwordless-id/webauthn',
    'The first brings parsers of ASN.1 and X.509 for attestations, which are not asked for; the second refuses a signature whose numbers are short, one of 128. The specification’s checks are few, and Node verifies the signature.',
  ],
  [
    'size in tokens',
    'src/present/tokens.ts',
    'tokenx, gpt-tokenizer',
    'An estimate is enough, and is taken of every row. A true tokenizer brings a megabyte of tables; it judges the estimate in the tests.',
  ],
  [
    'syslog messages',
    'src/audit/syslog.ts',
    'syslog-client',
    'Its last release is years old, it knows no unix sockets, and it drops silently; ours counts what is lost.',
  ],
  [
    'signatures',
    'src/cloudstack/sign.ts',
    '–',
    'CloudStack’s own scheme. The simulator has a second implementation, so that a mistake cannot agree with itself.',
  ],
  [
    'XML answers of the simulator',
    'src/simulator/protocol/xml.ts',
    'fast-xml-parser, xmlbuilder2',
    'It only writes one shape, without attributes or namespaces, in a few lines.',
  ],
  [
    'container files without a daemon',
    'test/system/container/main.ts',
    'buildah, podman',
    'A check that the image works where neither can run. Where they can, CI builds the image itself.',
  ],
];

/** Each thing that is written here though a library does it too. Throws for one whose file is gone. */
export const ownCodeTable = (): string => {
  const gone = verdicts.filter(([, file]) => !existsSync(file)).map(([, file]) => file);
  if (gone.length) throw new Error(`scripts/docs/own-code.ts: these files are gone: ${gone.join(', ')}`);
  return toTable(
    ['what', 'where', 'looked at', 'why it stays'],
    verdicts.map(([subject, file, library, why]) => [subject, code(file), library, why]),
  );
};
