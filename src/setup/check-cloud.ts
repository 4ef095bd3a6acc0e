import type { Writable } from 'node:stream';
import { compareReleases, releaseOf } from '../catalog/releases.ts';
import type { CommandsFile } from '../catalog/types.ts';
import { findConnectionProblem, redirectMend, redirectOf } from '../cloudstack/connection-problem.ts';
import { openPool } from '../cloudstack/pool.ts';
import { createStop, type HttpResponse } from '../cloudstack/transport.ts';
import type { Config } from '../config/config.ts';
import type { Profile } from '../config/profile.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import { limitTime } from '../time-limit.ts';
import { fine, skipped, warning, wrong, type CheckResult } from './check-result.ts';
import { whoIs } from './who-is.ts';

/** Milliseconds that a cloud may take for one answer. */
const timeoutMs = 8000;
/** Milliseconds that a clock may be off; a signed request is valid for ten minutes. */
const maxSkewMs = 5 * 60_000;

/** The steps of a connection, in the order in which they can fail. */
const steps = ['dns', 'proxy', 'connection', 'tls'] as const;

const codeOf = (error: unknown): string => {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (error instanceof Error && error.name === 'TimeoutError') return 'TIMEOUT';
  return typeof code === 'string' ? code : cause === undefined ? '' : codeOf(cause);
};

/** What the error of a request says of the connection: the steps before the one that failed were fine. */
const explainNetwork = (error: unknown, host: string): CheckResult[] => {
  const code = codeOf(error);
  const problem = findConnectionProblem([code]);
  if (!problem)
    return [
      wrong(
        'connection',
        `${host}: ${(error as Error).message} (${code})`,
        'Check the network between here and the cloud.',
      ),
    ];
  return [wrong(problem.check, problem.found.replaceAll('{host}', host), problem.mend)];
};

const checkSteps = (config: Config, endpoint: URL): CheckResult[] => {
  const { proxies } = config;
  const isDirect = !proxies || isLoopback(endpoint.hostname);
  const address = proxies && (endpoint.protocol === 'https:' ? proxies.https || proxies.http : proxies.http);
  const found: Record<(typeof steps)[number], CheckResult> = {
    dns: fine('dns', `${endpoint.hostname} is known`),
    proxy: fine('proxy', isDirect || !address ? 'no proxy is used' : `through ${new URL(address).host}`),
    connection: fine('connection', `${endpoint.host} answers`),
    tls:
      endpoint.protocol === 'https:'
        ? fine('tls', 'the certificate is trusted')
        : isLoopback(endpoint.hostname)
          ? fine('tls', 'none; this machine')
          : warning('tls', 'none: passwords and answers can be read on the way', 'Begin the URL with https://.'),
  };
  return steps.map((step) => found[step]);
};

const checkClock = ({ headers: { date } }: HttpResponse): CheckResult[] => {
  const theirs = typeof date === 'string' ? Date.parse(date) : NaN;
  if (Number.isNaN(theirs)) return [skipped('clock', 'the cloud does not send its time')];
  const skew = Date.now() - theirs;
  const seconds = Math.round(Math.abs(skew) / 1000);
  return Math.abs(skew) <= maxSkewMs
    ? [fine('clock', `${seconds} s from the cloud's`)]
    : [
        wrong(
          'clock',
          `${seconds} s ${skew > 0 ? 'before' : 'behind'} the cloud's: signatures are refused as expired or too early`,
          'Set the clock of this machine by NTP (timedatectl set-ntp true), or that of the cloud.',
        ),
      ];
};

/** Whether it is CloudStack that answers, and nothing before it. */
const checkAnswer = (response: HttpResponse, endpoint: URL): CheckResult => {
  const { status, body } = response;
  const redirect = redirectOf(response);
  if (/"listcapabilitiesresponse"/i.test(body)) return fine('url', `${endpoint.href} is a CloudStack`);
  if (redirect !== undefined)
    return wrong('url', `${endpoint.href} redirects elsewhere (${toLabel(redirect)})`, redirectMend);
  if (status === 404)
    return wrong(
      'url',
      `there is nothing at ${endpoint.href} (404)`,
      'The path is /client/api, unless a proxy changes it.',
    );
  if (status >= 500)
    return wrong(
      'url',
      `${endpoint.href} answers ${status}`,
      'The management server is starting, in maintenance or down; its log says which.',
    );
  return wrong(
    'url',
    `what answers at ${endpoint.href} is not CloudStack (${status})`,
    'Give the URL of the API, which ends with /client/api; a web page or a proxy may be in front of it.',
  );
};

const ask = async (config: Config, { stderr, signal }: CheckOptions): Promise<Row> => {
  const outcome = await whoIs(config, { stderr, signal, report: () => undefined });
  return outcome.rows()[0] ?? {};
};

const withSignature = (config: Config, profile: Profile, signature: Profile['signature']): Config => ({
  ...config,
  profiles: { [config.profile]: { ...profile, signature } },
});

/** A credential that is refused as its profile has it may be taken with another signature. */
const checkRefused = async (
  config: Config,
  profile: Profile,
  error: CallError,
  options: CheckOptions,
): Promise<CheckResult[]> => {
  const refused = wrong('credential', error.message, error.hint);
  if (profile.signature === undefined || error.kind !== 'authentication') return [refused];
  const isTaken = await ask(withSignature(config, profile, undefined), options).then(
    () => true,
    () => false,
  );
  if (!isTaken) return [refused];
  return [
    wrong(
      'signature',
      `the cloud does not accept ${profile.signature}, which the profile sets`,
      'Set signature: auto in the profile, or leave it out.',
    ),
  ];
};

/** A release without what only mends it. */
const lineOf = (release: string): string => release.split('.', 2).join('.');

const checkRelease = (release: string): CheckResult => {
  const { releases } = loadData<CommandsFile>('commands.json');
  const newest = releases.at(-1) ?? '';
  const [oldest = ''] = releases;
  const number = releaseOf(release);
  if (number === undefined)
    return warning(
      'release',
      `the cloud says "${toLabel(release)}"`,
      'It is used as long as it answers like CloudStack.',
    );
  if (compareReleases(lineOf(number), lineOf(newest)) > 0)
    return warning(
      'release',
      `${number} is newer than the catalog, which ends with ${newest}`,
      'Update the program; until then new commands count as the highest risk.',
    );
  if (compareReleases(lineOf(number), lineOf(oldest)) < 0)
    return warning(
      'release',
      `${number} is older than the catalog, which begins with ${oldest}`,
      'Some commands may be refused by the cloud.',
    );
  return fine('release', `${number} is known`);
};

const checkRole = ({ account, domain, role, commands, cannot }: Row): CheckResult => {
  const who = `${String(account)} of ${String(domain)}, ${String(role)}`;
  return typeof cannot === 'string'
    ? warning(
        'role',
        `${who}: ${String(commands)}; it lacks ${cannot}`,
        'Where it lacks what you need, ask an administrator for another role, or a credential of another user.',
      )
    : fine('role', `${who}: ${String(commands)}`);
};

/** What checks of a cloud need of the program. */
export interface CheckOptions {
  stderr: Writable;
  signal: AbortSignal;
}

/** Checks the way to the profile's cloud step by step, then what its credential may do there. */
export const checkCloud = async (config: Config, options: CheckOptions): Promise<CheckResult[]> => {
  const profile = config.profiles[config.profile]!;
  if (profile.endpoint === undefined) return [fine('url', 'the embedded simulator')];
  const endpoint = new URL(profile.endpoint);
  const pool = await openPool(profile.endpoint, { ...config, connections: 1, ca: profile.ca });
  let response: HttpResponse;
  const { signal, end } = limitTime(options.signal, Math.min(config.timeout, timeoutMs));
  const stop = createStop();
  signal.addEventListener('abort', () => stop.end(signal.reason as Error));
  try {
    const url = `${profile.endpoint}?command=listCapabilities&response=json`;
    response = await pool.send({ method: 'GET', url, headers: {} }, stop);
  } catch (error) {
    return explainNetwork(error, endpoint.host);
  } finally {
    end();
    await pool.close();
  }
  const way = [...checkSteps(config, endpoint), ...checkClock(response), checkAnswer(response, endpoint)];
  if (way.some(({ status }) => status === 'wrong')) return way;
  const patient = { ...config, retries: 0, timeout: Math.min(config.timeout, timeoutMs) };
  try {
    const who = await ask(patient, options);
    const signed =
      profile.secret && 'apiKey' in profile.secret
        ? fine('signature', profile.signature ?? 'determined with the first read')
        : skipped('signature', 'a login needs none');
    return [...way, fine('credential', 'it is accepted'), signed, checkRole(who), checkRelease(String(who['release']))];
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return [...way, ...(await checkRefused(patient, profile, error, options))];
  }
};
