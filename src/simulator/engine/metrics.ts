import type { Behaviour } from '../rules/call.ts';
import type { MetricsOf } from '../rules/metrics.ts';
import type { Fields } from '../world/types.ts';
import { listKind } from './list.ts';

const sampleOf = (timestamp: string): Fields => ({
  timestamp,
  cpuused: '12%',
  diskiopstotal: 0,
  diskioread: 0,
  diskiowrite: 0,
  diskkbsread: 0,
  diskkbswrite: 0,
  diskread: '0.00 MiB',
  diskwrite: '0.00 MiB',
  memoryintfreekbs: 524_288,
  memorykbs: 1_048_576,
  memorytargetkbs: 1_048_576,
  networkkbsread: 0,
  networkkbswrite: 0,
  networkread: '0.00 MiB',
  networkwrite: '0.00 MiB',
});

/** Lists resources of a kind with one sample of what they used; none where CloudStack keeps none on a fresh installation. */
export const usageHistory =
  (kind: string, sampled = true): Behaviour =>
  (call) => {
    const result = listKind(call, kind);
    if (result.form !== 'list') return result;
    const stats = sampled ? [sampleOf(call.world.now())] : [];
    return {
      ...result,
      pick: ({ id, name, displayname }) => ({
        id,
        name,
        ...(displayname === undefined ? {} : { displayname }),
        stats,
      }),
    };
  };

/** Lists resources of a kind with figures beside their fields. */
export const withMetrics =
  (kind: string, metrics: MetricsOf): Behaviour =>
  (call) => {
    const result = listKind(call, kind);
    return result.form === 'list'
      ? { ...result, pick: (fields) => ({ ...fields, ...metrics(call.world, fields) }) }
      : result;
  };
