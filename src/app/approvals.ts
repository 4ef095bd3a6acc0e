import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { createApprovals, type Approvals } from '../guard/approvals.ts';
import { createSharedApprovals } from '../guard/shared-approvals.ts';
import type { Store } from '../store/store.ts';

/** Where calls wait for a person: in the store that replicas share, else in the state folder of this machine. */
export const openApprovals = ({ state }: Pick<Config, 'state'>, store: Store): Approvals =>
  store.shared ? createSharedApprovals(store) : createApprovals(join(state, 'approvals'));
