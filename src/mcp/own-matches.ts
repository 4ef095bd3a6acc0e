import { loadStoredScripts, type StoredScript } from '../script/stored.ts';

/** What `find-tools` finds beside CloudStack's commands: how it is called, and what for. */
export interface OwnMatch {
  tool: string;
  risk: string;
  summary: string;
  /** The call, as a host makes it. */
  call: string;
}

const exportWords = /\b(?:terraform|opentofu|tofu|ansible|playbook|mermaid|diagram|cmk|cloudmonkey)\b/i;

const exported: OwnMatch = {
  tool: 'export',
  risk: 'read',
  summary:
    'Write a plan, the result of a call or script, or existing resources as cmk script, Terraform, Ansible or Mermaid',
  call: 'read {"tool": "export", "arguments": {"as": "terraform", "what": "vpc=NAME"}}; as: cmk, terraform, ansible, mermaid; what: plan=ID, call=ID, or kinds',
};

/** Words that tell nothing of a script. */
const plainWords = new Set([
  'a',
  'the',
  'of',
  'to',
  'in',
  'all',
  'and',
  'for',
  'with',
  'script',
  'run',
  'list',
  'show',
]);

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .match(/[a-z\d]+/g)
    ?.filter((word) => !plainWords.has(word)) ?? [];

/** A stored script fits where most of what is looked for stands in its name and summary, or its name is given. */
const fits = (query: string, { name, summary }: StoredScript): boolean => {
  if (query.toLowerCase().includes(name.toLowerCase())) return true;
  const own = new Set(wordsOf(`${name} ${summary}`));
  const asked = wordsOf(query);
  return asked.length > 0 && asked.filter((word) => own.has(word)).length * 2 > asked.length;
};

const toMatch = ({ name, summary, inputs }: StoredScript): OwnMatch => ({
  tool: 'run-script',
  risk: 'change',
  summary: `Stored script ${name}: ${summary}`,
  call: `run-script ${JSON.stringify({ name, inputs: Object.fromEntries(inputs.map((one) => [one.name, one.type])) })}`,
});

/** Stored scripts that one search shows. */
const maxScripts = 3;

/** The server's own matches of a search. */
export const findOwn = (query: string, scriptFolder: string): OwnMatch[] => [
  ...(exportWords.test(query) ? [exported] : []),
  ...loadStoredScripts(scriptFolder)
    .filter((script) => fits(query, script))
    .slice(0, maxScripts)
    .map(toMatch),
];

/** The same as text. */
export const ownInText = (matches: readonly OwnMatch[]): string[] =>
  matches.map(({ tool, risk, summary, call }) => `${tool} [${risk}] ${summary} (call ${call})`);
