import type { Answer, ApprovedCall, ListRows } from '../types.ts';
import type { Cloud } from './composition.ts';
import { readLimitsReached } from './limits-reached.ts';
import { readNearNames } from './near-names.ts';

/** An answer with what one read beside it tells: names near to one that finds nothing, limits that a change has reached. */
export const withLooksBeside = async (
  cloud: Cloud,
  approved: ApprovedCall,
  answer: Answer,
  list: ListRows,
): Promise<Answer> => {
  const [near, reached] = [readNearNames(approved, answer, list), readLimitsReached(cloud, approved, answer, list)];
  return near || reached ? { ...answer, near: await near, reached: await reached } : answer;
};
