import { loadData } from '../data.ts';

/** What CloudStack limits for an account: one line of data/resource-limits.json. */
export interface LimitedResource {
  /** As errors name it. */
  type: string;
  /** The beginning of the account's fields `…limit` and `…total`. */
  field: string;
  title: string;
  unit?: string;
  /** Errors tell it in bytes; the unit is GiB. */
  bytes?: true;
  /** Changes that take of it. */
  takenBy?: readonly string[];
}

/** Everything that CloudStack limits. */
export const loadResourceLimits = (): readonly LimitedResource[] => loadData<LimitedResource[]>('resource-limits.json');
