import { loadData } from '../data.ts';

/** One name for a kind that CloudStack's entities, responses and parameters call differently; data/touches.json. */
export const plain = (kind: string): string =>
  loadData<{ same: Record<string, string> }>('touches.json').same[kind] ?? kind;
