import { loadData } from '../data.ts';
import type { Phrasings } from './phrasings.ts';
import type { Indexed } from './prepare.ts';

/** What answers a question that no command answers: a tool of the compact list, or a prompt, which is a skill too; data/leads.json. */
export interface Lead {
  name: string;
  summary: string;
  /** The tool, with the arguments that the question says. */
  tool?: string;
  args?: Readonly<Record<string, string>>;
  prompt?: string;
}

/** Leads stand in the index beside commands, under names that no command has. */
const indexedName = ({ name }: Lead): string => `lead ${name}`;

const loadLeads = (): readonly Lead[] => loadData('leads.json');

/** The leads as the index takes them. */
export const indexedLeads = (): Indexed[] =>
  loadLeads().map((lead) => ({ ...lead, toolset: '', command: { name: indexedName(lead) } }));

/** What people say when they mean them, data/lead-phrasings.json: only of use where the index is made. */
export const phrasingsOfLeads = (): Phrasings => {
  const phrasings = loadData<Phrasings>('lead-phrasings.json');
  return Object.fromEntries(loadLeads().map((lead) => [indexedName(lead), phrasings[lead.name]!]));
};

/** The lead of a name in the index; undefined for a command. */
export const findLead = (indexed: string): Lead | undefined =>
  indexed.startsWith('lead ') ? loadLeads().find((lead) => indexedName(lead) === indexed) : undefined;

/** How it is called. */
export const callOf = ({ tool, args = {}, prompt }: Lead): string =>
  tool
    ? `call ${tool} with ${[...Object.entries(args).map(([name, value]) => `${name} ${value}`), 'id', 'question'].join(', ')}`
    : `prompt ${prompt}, or read skill://${prompt}/SKILL.md`;
