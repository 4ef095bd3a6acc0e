import { loadData } from '../data.ts';
import { toKebab } from './names.ts';
import type { Command } from './types.ts';

/** What kind of harm a command can do. */
export type Risk = 'read' | 'sensitive' | 'change' | 'destroy';

/** How bad it is when it was a mistake. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** What a command may do to whom; one line of data/risks.json. */
export interface RiskRow {
  risk: Risk;
  severity: Severity;
  category: string;
  /** Another command brings the former state back, with the same data. */
  reversible: boolean;
  impactScope: string;
  warning: string;
  /** What a person types to confirm a critical command on something that has no name. */
  phrase?: string;
  /** Arguments that make it worse. */
  raise?: readonly { when: Record<string, unknown>; risk?: Risk; severity?: Severity; reversible?: boolean }[];
}

/** A command as it is shown and judged: the catalog's facts joined with our own words and risks. */
export interface Tool {
  command: Command;
  /** Kebab-case. */
  name: string;
  toolset: string;
  summary: string;
  risk: RiskRow;
}

const plainRead: RiskRow = {
  risk: 'read',
  severity: 'low',
  category: 'none',
  reversible: true,
  impactScope: 'nothing',
  warning: '',
};

/** A command nobody has judged yet is taken for the worst. */
const unknownRisk: RiskRow = {
  risk: 'destroy',
  severity: 'critical',
  category: 'unknown',
  reversible: false,
  impactScope: 'unknown',
  warning: 'This command is not in the catalog; nobody has judged what it does.',
  phrase: 'run unknown command',
};

/** The toolset of commands of the connected cloud that the catalog has never seen. */
export const otherToolset = 'other';

/** Commands grouped as operators think of them; one line of data/toolsets.json. */
export interface Toolset {
  name: string;
  title: string;
  commands: readonly string[];
}

interface Texts {
  commands: Record<string, string>;
  parameters: Record<string, string>;
  overrides: Record<string, Record<string, string>>;
}

/** Every toolset with its commands, in the order of data/toolsets.json. */
export const loadToolsets = (): readonly Toolset[] => loadData<Toolset[]>('toolsets.json');

/** Our words for a parameter: the command's own where the meaning differs, else the glossary's. */
export const describeParameter = (command: string, parameter: string): string | undefined => {
  const { overrides, parameters } = loadData<Texts>('texts.json');
  return overrides[command]?.[parameter] ?? parameters[parameter];
};

/** Joins a command with its toolset, summary and risk. A command that data/ does not know gets the highest risk. */
export const createTool = (command: Command, toolsets: ReadonlyMap<string, string>): Tool => {
  const row = loadData<Record<string, Partial<RiskRow>>>('risks.json')[command.name];
  return {
    command,
    name: toKebab(command.name),
    toolset: toolsets.get(command.name) ?? otherToolset,
    summary: loadData<Texts>('texts.json').commands[command.name] ?? `Run ${command.name} (not in the catalog)`,
    risk: row?.risk ? { ...plainRead, ...row } : unknownRisk,
  };
};
