import type { Behaviour } from '../rules/call.ts';
import { gib } from '../rules/figures.ts';
import type { Fields } from '../world/types.ts';
import { listKind } from './list.ts';

/** Lists resources of a kind with one sample of what they used. */
export const usageHistory =
  (kind: string): Behaviour =>
  (call) => {
    const result = listKind(call, kind);
    if (result.form !== 'list') return result;
    const at = call.world.now();
    return {
      ...result,
      pick: ({ id, name, displayname }) => ({
        id,
        name,
        ...(displayname === undefined ? {} : { displayname }),
        stats: [{ timestamp: at, cpuused: '12%', diskioread: 0, diskiowrite: 0, memoryusedkbs: 0 }],
      }),
    };
  };

/** Bytes as text in gigabytes. */
export const gigabytesText = (bytes: unknown): string => `${(Number(bytes ?? 0) / gib).toFixed(2)} GB`;

/** Lists resources of a kind with figures beside their fields. */
export const withMetrics =
  (kind: string, more: (fields: Fields) => Fields): Behaviour =>
  (call) => {
    const result = listKind(call, kind);
    return result.form === 'list' ? { ...result, pick: (fields) => ({ ...fields, ...more(fields) }) } : result;
  };
