import { createHost, type Reply } from './host.ts';
import { limits, type Victim } from './victim.ts';
import { openHost } from './stage.ts';

const tally = (replies: readonly Reply[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { kind } of replies) sums[kind] = (sums[kind] ?? 0) + 1;
  return sums;
};

const only = (sums: Record<string, number>, ...kinds: string[]): boolean =>
  Object.keys(sums).every((kind) => kinds.includes(kind));

/** More sessions than one user may have, then more than there may be in all. */
export const exhaustSessions = async ({ checks, stage, server }: Victim): Promise<void> => {
  const begin = async (user: number) => {
    const host = createHost({ origin: server.origin, token: stage.tokenOf(user), protocol: 'old' });
    return { host, reply: await host.call('find-tools', { query: 'zones' }) };
  };
  const own = await Promise.all(Array.from({ length: 4 * limits.maxSessionsEach }, () => begin(1)));
  // The one that was used longest ago makes room, and whoever had it begins anew.
  const kinds = tally(own.map(({ reply }) => reply));
  checks.check(
    'sessions: one user who begins too many has as many as it may',
    only(kinds, 'ok', 'http-429', 'http-404'),
    JSON.stringify(kinds),
  );
  const all = await Promise.all(Array.from({ length: 2 * limits.maxSessions }, (_, n) => begin(2 + (n % 90))));
  const sums = tally(all.map(({ reply }) => reply));
  checks.check(
    'sessions: when there are too many, nobody gets a new one (503)',
    only(sums, 'ok', 'http-503', 'http-429', 'http-404') &&
      (sums['ok'] ?? 0) <= limits.maxSessions &&
      (sums['http-503'] ?? 0) > 0,
    JSON.stringify(sums),
  );
  await Promise.all([...own, ...all].map(({ host }) => host.close()));
  const { host, reply } = await begin(3);
  await host.close();
  checks.check('sessions: once they have ended, there is room again', reply.kind === 'ok', reply.kind);
};

/** More requests than one user may send in a minute, and more than it may have under way. */
export const exhaustRequests = async ({ checks, stage, server, probe }: Victim): Promise<void> => {
  await stage.cloud.setFaults({ rules: [{ command: 'listZones', kind: 'latency', ms: 500 }] });
  const many = openHost(stage, server.origin, 4);
  const hosts = Array.from({ length: 3 * limits.maxInFlight }, () => openHost(stage, server.origin, 6));
  const wide = tally(await Promise.all(hosts.map((host) => host.call('read', { tool: 'list-zones', fresh: true }))));
  await stage.cloud.setFaults({ rules: [] });
  checks.check(
    'requests: too many at once are refused (429)',
    only(wide, 'ok', 'http-429') && (wide['ok'] ?? 0) <= limits.maxInFlight + 1 && (wide['http-429'] ?? 0) > 0,
    JSON.stringify(wide),
  );
  const replies: Reply[] = [];
  let others: number | undefined = 0;
  for (let n = 0; n < limits.rateLimit * 1.5; n += 4) {
    replies.push(...(await Promise.all(Array.from({ length: 4 }, () => many.call('find-tools', { query: 'zones' })))));
    if (n === limits.rateLimit) others = await probe();
  }
  const sums = tally(replies);
  checks.check(
    'requests: too many in a minute are refused (429), those of others are not',
    only(sums, 'ok', 'http-429') && (sums['http-429'] ?? 0) > 0 && others !== undefined,
    `${JSON.stringify(sums)}, another user is answered after ${others} ms`,
  );
  await Promise.all([many, ...hosts].map((host) => host.close()));
};
