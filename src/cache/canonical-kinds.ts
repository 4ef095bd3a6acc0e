import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';

/** One name for a kind that CloudStack's entities, responses and parameters call differently; data/invalidations.json. */
export const canonicalKind = (kind: string): string =>
  loadData<{ canonicalKinds: Record<string, string> }>('invalidations.json').canonicalKinds[kind] ?? kind;

/** The kind of a command's rows. */
export const rowKindOf = ({ response }: Command): string => canonicalKind(response);
