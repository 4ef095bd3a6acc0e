import type { Tool } from '../catalog/tool.ts';
import type { Ranked } from './rank.ts';

/** A command that a search found. */
export interface Match {
  tool: Tool;
  /** How well it fits; undefined where nothing was asked, or its name. */
  fit?: Ranked;
}

/** The first match of each command. */
export const eachOnce = (matches: readonly Match[]): Match[] => {
  const firsts = new Map<Tool, Match>();
  for (const match of matches) if (!firsts.has(match.tool)) firsts.set(match.tool, match);
  return [...firsts.values()];
};
