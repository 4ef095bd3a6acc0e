import { loadData } from '../data.ts';
import { toKebab } from './names.ts';
import type { Raise, RiskRow } from './risk.ts';
import type { Command } from './types.ts';

/** A command as it is shown and judged: the catalog's facts joined with our own words and risks. */
export interface Tool {
  command: Command;
  /** Kebab-case. */
  name: string;
  toolset: string;
  summary: string;
  risk: RiskRow;
  /** Arguments of this call that made the risk what it is. */
  raises?: readonly Raise[];
}

const plainRead: RiskRow = {
  risk: 'read',
  severity: 'low',
  category: 'none',
  reversible: true,
  impactScope: 'nothing',
  warning: '',
};

/** A command no one has judged yet is taken for the worst. */
const unknownRisk: RiskRow = {
  risk: 'destroy',
  severity: 'critical',
  category: 'unknown',
  reversible: false,
  impactScope: 'unknown',
  warning: 'This command is not in the catalog; no one has judged what it does.',
  phrase: 'run unknown command',
};

/** The toolset of commands of the connected cloud that the catalog has never seen. */
export const otherToolset = 'other';

/** What only looks by its name and its manner may still give out a secret: it is asked about, once. */
const unknownLook: RiskRow = {
  risk: 'sensitive',
  severity: 'high',
  category: 'unknown',
  reversible: true,
  impactScope: 'unknown',
  warning:
    'This command is not in the catalog; by its name it reads, and no one has judged what it shows. A confirmation counts until the session ends.',
  once: true,
};

/** Whether no one has judged a command. */
export const isUnjudged = ({ risk }: Pick<Tool, 'risk'>): boolean => risk.category === 'unknown';

const unknown = ({ name, async }: Command): RiskRow =>
  /^(?:list|get)[A-Z]/.test(name) && !async ? unknownLook : unknownRisk;

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

/** What the cloud itself says of a command that the catalog lacks, marked as the cloud's. */
const unknownSummary = ({ name, words }: Command): string =>
  words === undefined ? `Run ${name} (not in the catalog)` : `Not in the catalog; the cloud says: "${words}"`;

/** Joins a command with its toolset, summary and risk. A command that data/ does not know gets the highest risk, or is asked about where it looks only. */
export const createTool = (command: Command, toolsets: ReadonlyMap<string, string>): Tool => {
  const row = loadData<Record<string, Partial<RiskRow>>>('risks.json')[command.name];
  return {
    command,
    // Hosts put a prefix before a name, and some refuse a list with one of more than 60 or 64 characters.
    name: loadData<Record<string, string>>('short-names.json')[command.name] ?? toKebab(command.name),
    toolset: toolsets.get(command.name) ?? otherToolset,
    summary: loadData<Texts>('texts.json').commands[command.name] ?? unknownSummary(command),
    risk: row?.risk ? { ...plainRead, ...row } : unknown(command),
  };
};
