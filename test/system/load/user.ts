import type { Host, Reply } from './host.ts';
import type { Goods } from './stage.ts';

/** What one user does next; gives what came of it. */
export type Act = (does: Doing) => Promise<void>;

/** What an act works with. */
export interface Doing {
  goods: Goods;
  /** Number of the user. */
  user: number;
  /** Calls a tool and tallies it under a name. */
  call: (operation: string, tool: string, args: Record<string, unknown>) => Promise<Reply>;
  /** What a person or a model takes between two calls. */
  pause: () => Promise<void>;
  /** Numbers for names that must not come twice, and for choices. */
  next: () => number;
}

type Rows = { id: string; name: string }[];

const rowsOf = ({ structured }: Reply): Rows => (structured['items'] as Rows | undefined) ?? [];

const find: Act = async ({ call, pause }) => {
  await call('find-tools', 'find-tools', { query: 'list virtual machines by state' });
  await pause();
  await call('describe-tools', 'describe-tools', { tools: ['list-virtual-machines'] });
};

const pages: Act = async ({ call, pause, next }) => {
  const list = { tool: 'list-virtual-machines', arguments: { listall: true }, pagesize: 20, page: 1 + (next() % 10) };
  const [row] = rowsOf(await call('list, a page of 20', 'read', list));
  await pause();
  if (!row) return;
  const one = { tool: 'list-virtual-machines', arguments: { id: row.id } };
  await call('get one', 'read', one);
};

const filtered: Act = async ({ call, next }) => {
  const state = ['Running', 'Stopped'][next() % 2];
  const list = { tool: 'list-virtual-machines', arguments: { listall: true, state }, pagesize: 20 };
  await call('list, filtered', 'read', list);
};

const infrastructure: Act = async ({ call, pause }) => {
  await call('list, small', 'read', { tool: 'list-zones' });
  await pause();
  await call('list, small', 'read', { tool: 'list-service-offerings' });
};

/** Waits for the job that a change began, if it did. */
const waitFor = async ({ call, pause }: Doing, { kind, structured }: Reply): Promise<string | undefined> => {
  const { id } = (structured['job'] ?? {}) as { id?: string };
  if (kind !== 'ok' || id === undefined) return undefined;
  await pause();
  const { structured: done } = await call('wait for a job', 'wait-for-job', { job: id });
  return (done['item'] as { id?: string } | undefined)?.id;
};

/** The life of a machine: deployed, stopped after a yes, destroyed for good after its name was typed. */
const machine: Act = async (doing) => {
  const { call, pause, goods, user, next } = doing;
  const { zoneid, serviceofferingid, templateid, networkids } = goods;
  const network = networkids[user % networkids.length];
  const args = { name: `load-${user}-${next()}`, zoneid, serviceofferingid, templateid, networkids: [network] };
  const deploy = { tool: 'deploy-virtual-machine', arguments: args, wait: 0 };
  const id = await waitFor(doing, await call('deploy', 'change', deploy));
  if (id === undefined) return;
  await pause();
  const stop = { tool: 'stop-virtual-machine', arguments: { id }, wait: 0 };
  await waitFor(doing, await call('stop, confirmed', 'destroy', stop));
  await pause();
  const destroy = { tool: 'destroy-virtual-machine', arguments: { id, expunge: true }, wait: 0 };
  await waitFor(doing, await call('destroy, phrase typed', 'destroy', destroy));
};

/** What users do, and how often each comes in a day of twenty acts. */
const day: readonly [Act, number][] = [
  [find, 3],
  [pages, 8],
  [filtered, 5],
  [infrastructure, 2],
  [machine, 2],
];
const acts = day.flatMap(([act, often]) => Array.from({ length: often }, () => act));

/** The time that the cloud takes for a job is not the server's: it is reported, and left out of the percentiles. */
export const isWait = (operation: string): boolean => operation === 'wait for a job';

/** Spends days until time is up: every act, in an order that differs from user to user. */
export const spendDays = async (doing: Doing, isOver: () => boolean): Promise<void> => {
  // Coprime to the number of acts, so that each comes once a day.
  for (let at = doing.user * 3; !isOver(); at += 7) {
    await acts[at % acts.length]!(doing);
    await doing.pause();
  }
};

/** What reads only: for times in which changes are counted otherwise. */
export const readOn: Act = async (doing) => {
  await pages(doing);
  await filtered(doing);
  await infrastructure(doing);
};

/** Opens a host's calls to an act: timed and tallied. */
export const createCall =
  (host: Host, add: (operation: string, duration: number, kind: string, reply: Reply) => void): Doing['call'] =>
  async (operation, tool, args) => {
    const begun = performance.now();
    const reply = await host.call(tool, args);
    add(operation, performance.now() - begun, reply.kind, reply);
    return reply;
  };
