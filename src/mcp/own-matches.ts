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
  summary: 'Write a plan, what a call or a script made, or what is there as cmk script, Terraform, Ansible or Mermaid',
  call: 'read {"tool": "export", "arguments": {"as": "terraform", "what": "vpc=NAME"}}; as: cmk, terraform, ansible, mermaid; what: plan=ID, call=ID, or kinds',
};

/** The server's own matches of a search. */
export const findOwn = (query: string): OwnMatch[] => (exportWords.test(query) ? [exported] : []);

/** The same as text. */
export const ownInText = (matches: readonly OwnMatch[]): string[] =>
  matches.map(({ tool, risk, summary, call }) => `${tool} [${risk}] ${summary} (call ${call})`);
