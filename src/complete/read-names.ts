import type { App } from '../app/app.ts';
import { limitTime } from '../time-limit.ts';
import type { DoorRequest } from '../types.ts';
import type { ReadNames } from './candidates.ts';

/** Milliseconds for which someone who is typing waits for names. */
const timeoutMs = 2000;
/** More names than a terminal shows. */
const maxNames = 500;

/** A region's id is a number. */
const isName = (value: unknown): value is string | number =>
  typeof value === 'number' || (typeof value === 'string' && value !== '');

/**
 * Reads names through the path, as a call of the one who types: guard, roles and audit hold for it. What fails or takes
 * too long is no name: completion says nothing of errors.
 */
export const createReadNames =
  (call: App['call'], asker: Pick<DoorRequest, 'caller' | 'signal'>): ReadNames =>
  async ({ list, args = {}, names = ['name'] }) => {
    if (list === undefined) return [];
    const { signal, end } = limitTime(asker.signal, timeoutMs);
    const given = { tool: list, args, view: { pagesize: maxNames, whole: true }, wait: 0 };
    const limits = { signal, deadline: Date.now() + timeoutMs, consent: () => Promise.resolve(undefined) };
    try {
      const rows = (await call({ ...given, ...limits, caller: asker.caller })).rows();
      const found = rows.flatMap((row) => names.map((field) => row[field]).find(isName));
      return [...new Set(found.filter(isName).map(String))].sort();
    } catch {
      return [];
    } finally {
      end();
    }
  };
