import type { Cloud } from '../call/composition.ts';
import { lookEverywhere } from '../catalog/list-scope.ts';
import { loadData } from '../data.ts';
import { toReadWire } from '../request/to-wire.ts';
import type { Params } from '../types.ts';

/** How many there are of one kind of resource, in one state where its states are counted apart. */
export interface ResourceCount {
  kind: string;
  state?: string | undefined;
  count: number;
}

interface Counted {
  kind: string;
  command: string;
  params: Params;
  /** The parameter that tells states apart, and the states. */
  by?: string;
  states?: readonly string[];
}

/** Milliseconds for the whole of a count: no one waits for it. */
const timeoutMs = 60_000;

/**
 * Counts the resources that data/inventory.json names, as a credential sees them: one small page a count, one
 * after the other. Kinds that the cloud does not offer, or the account may not list, are left out. Throws when none can be had.
 */
export const countResources = async ({ cloudstack, catalog, account }: Cloud): Promise<readonly ResourceCount[]> => {
  const signal = AbortSignal.timeout(timeoutMs);
  const role = async () => (await account())?.role;
  const counts: ResourceCount[] = [];
  let problem: Error | undefined;
  for (const { kind, command, params, by, states } of loadData<Counted[]>('inventory.json')) {
    const tool = catalog.find(command);
    if (!tool) continue;
    try {
      for (const state of by && states ? states : [undefined]) {
        const filter: Params = by && state ? { [by]: state } : {};
        const asked = { ...params, ...filter, page: 1, pagesize: 1 };
        const countIn = async (place: Params): Promise<number> => {
          const { body } = await cloudstack.send(toReadWire(tool, place), { signal, wait: 0, retries: 0 });
          return Number(body['count'] ?? 0);
        };
        const [all = asked, projects] = await lookEverywhere(tool.command, asked, role);
        let count = await countIn(all);
        if (projects && (await role()) === 'DomainAdmin')
          // Its projects are counted with its own account, which the first count has, too: without `listall` CloudStack adds
          // that only for who is in no project (AccountManagerImpl.buildACLSearchParameters).
          count += (await countIn({ ...projects, listall: true })) - (await countIn(asked));
        else if (projects) count += await countIn(projects);
        counts.push({ kind, state, count });
      }
    } catch (error) {
      problem = error as Error;
      if (signal.aborted) break;
    }
  }
  if (!counts.length && problem) throw problem;
  return counts;
};
