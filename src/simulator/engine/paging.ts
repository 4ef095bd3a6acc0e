import type { Call, Result } from '../rules/call.ts';
import { list } from '../rules/results.ts';
import { badParameter, badValue } from '../world/errors.ts';
import type { Fields } from '../world/types.ts';

/** The part of a list that is asked for: from `start` on, at most `size` rows. */
export interface Window {
  start: number;
  size: number;
}

/** The window of a list call; the largest page is the setting default.page.size. */
export const windowOf = (args: Fields, largest: number): Window => {
  const { page, pagesize } = args as { page?: number; pagesize?: number };
  if (pagesize === -1) {
    if (page !== undefined) throw badValue("Can't specify page parameter when pagesize is -1 (Unlimited)");
    return { start: 0, size: Infinity };
  }
  if (page !== undefined && pagesize === undefined)
    throw badParameter('"pagesize" parameter is required when "page" is specified');
  if (pagesize !== undefined && page === undefined)
    throw badParameter('"page" parameter is required when "pagesize" is specified');
  if (pagesize === undefined || page === undefined) return { start: 0, size: largest };
  if (pagesize > largest) throw badValue(`Page size can't exceed max allowed page size value: ${largest}`);
  // Pages begin at 1, and what lies before is the first; a page of no rows still has its count.
  return { start: (Math.max(1, page) - 1) * pagesize, size: Math.max(0, pagesize) };
};

/** A page of made-up rows. */
export const pageOfItems = (call: Call, items: Fields[], key?: string): Result => {
  const { start, size } = windowOf(call.args, 500);
  return list(items.slice(start, size === Infinity ? undefined : start + size), items.length, key);
};
