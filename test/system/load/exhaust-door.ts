import { setTimeout as sleep } from 'node:timers/promises';
import { floodIdle, halfBodies, hugeBodies, neverRead, slowHeaders, type Ends } from './attacks.ts';
import { greet } from './crowd.ts';
import { limits, type Victim } from './victim.ts';

const show = ({ closed, open, statuses }: Ends): string =>
  `${closed} closed, ${open} open, answers ${JSON.stringify(statuses)}`;

/** Bodies that are too large, and bodies that never end. */
export const exhaustBodies = async ({ checks, stage, server, probe }: Victim): Promise<void> => {
  const target = { origin: server.origin, token: stage.tokenOf(8) };
  for (const announced of [true, false]) {
    const ends = await hugeBodies(target, 30, 64 * limits.bodyLimit, announced);
    const how = announced ? 'announced' : 'in chunks';
    // Whoever goes on sending may find the connection broken before it has read the answer.
    const known = Object.keys(ends.statuses).every((status) => ['413', '429'].includes(status));
    checks.check(`bodies: too large ones, ${how}, are refused (413) and cut off`, known && !ends.open, show(ends));
  }
  // Each all but complete, and then held.
  const holding = halfBodies({ ...target, token: stage.tokenOf(10) }, 400, limits.bodyLimit - 100);
  await sleep(limits.requestTimeout / 2);
  const others = await probe();
  const ends = await holding;
  checks.check(
    'bodies: many that stop short of their end are refused (429, 408), others are answered meanwhile',
    !ends.open && others !== undefined && Object.keys(ends.statuses).every((status) => ['408', '429'].includes(status)),
    `${show(ends)}; another user after ${others} ms`,
  );
};

/** Clients that take forever to ask, and connections on which nothing is asked. */
export const exhaustConnections = async ({ checks, stage, server, probe }: Victim): Promise<void> => {
  const target = { origin: server.origin, token: stage.tokenOf(12) };
  const slow = slowHeaders(target, 300);
  await sleep(limits.requestTimeout / 2);
  const during = await probe();
  const ends = await slow;
  checks.check(
    'connections: slow headers are cut off',
    !ends.open && during !== undefined,
    `${show(ends)}; another user after ${during} ms`,
  );
  let opened = 0;
  let answered: number | undefined;
  const idle = await floodIdle(target, 3 * limits.maxConnections, limits.maxConnections, async () => {
    opened = server.handles();
    answered = await probe();
  });
  checks.check(
    `connections: of ${3 * limits.maxConnections} no more than ${limits.maxConnections} are taken, and who was there is answered`,
    opened <= limits.maxConnections + 60 && idle.closed >= 2 * limits.maxConnections - 10 && answered !== undefined,
    `${opened} handles, ${show(idle)}; another user after ${answered} ms`,
  );
};

/** Clients that ask and never read: of what is known here, so that the cloud is not what everybody waits for. */
export const exhaustReaders = async ({ checks, stage, server, probe }: Victim): Promise<void> => {
  const users = Array.from({ length: 25 }, (_, user) => user);
  const targets = users.map((user) => ({ origin: server.origin, token: stage.tokenOf(user) }));
  // What everybody's first call costs is not what is looked at here.
  await greet(stage, server.origin, users.length);
  const tools = ['deploy', 'start', 'stop', 'update', 'migrate', 'restore', 'scale', 'recover'].map(
    (verb) => `${verb}-virtual-machine`,
  );
  let during: number | undefined;
  await neverRead(targets, 2, 50, { name: 'describe-tools', arguments: { tools } }, async () => {
    await sleep(2000);
    during = await probe();
  });
  checks.check(
    'readers: clients that never read their answers hold up nobody else',
    during !== undefined,
    `another user after ${during} ms`,
  );
};
