import type { Catalog } from './catalog.ts';
import { worse } from './effective-risk.ts';
import type { Risk, RiskRow, Severity } from './risk.ts';
import { isUnjudged, type Tool } from './tool.ts';

/** What the operator of a server says of one command: one entry of the section `risks` of the configuration. */
export interface Judgement {
  risk: Risk;
  /** By default low for a read, else high. */
  severity?: Severity | undefined;
  reversible?: boolean | undefined;
  /** What a person is told who is asked about it. */
  warning?: string | undefined;
}

/** Judgements by command, in any spelling of its name. */
export type Judgements = Readonly<Record<string, Judgement>>;

/** The only word on a command that no one else has judged; of others it makes the risk worse, never better. */
const judge = (tool: Tool, { risk, severity, reversible = false, warning }: Judgement): RiskRow => {
  const given = { risk, severity: severity ?? (risk === 'read' ? 'low' : 'high') };
  if (!isUnjudged(tool))
    return {
      ...worse(tool.risk, { ...given, ...(reversible || risk === 'read' ? {} : { reversible }) }),
      ...(warning === undefined ? {} : { warning }),
    };
  return {
    ...given,
    category: 'operator',
    reversible: reversible || risk === 'read',
    impactScope: 'as the operator of this server judged',
    warning: warning ?? '',
    ...(given.severity === 'critical' ? { phrase: `run ${tool.command.name}` } : {}),
  };
};

const judged = new WeakMap<Judgements, WeakMap<Catalog, Catalog>>();

/** A catalog as the operator's judgements make it; the same for the same two. */
export const withJudgements = (catalog: Catalog, judgements: Judgements | undefined): Catalog => {
  if (!judgements) return catalog;
  const made = judged.get(judgements) ?? new WeakMap<Catalog, Catalog>();
  judged.set(judgements, made);
  const known = made.get(catalog);
  if (known) return known;
  const byName = new Map(
    Object.entries(judgements).map(([name, judgement]) => [catalog.find(name)?.command.name, judgement]),
  );
  const replaced = new Map(
    catalog.tools.flatMap((tool) => {
      const judgement = byName.get(tool.command.name);
      // A command of its own: what its arguments make worse depends on how it was judged.
      return judgement
        ? [[tool, { ...tool, command: { ...tool.command }, risk: judge(tool, judgement) }] as const]
        : [];
    }),
  );
  const current = (tool: Tool): Tool => replaced.get(tool) ?? tool;
  const found = (tool: Tool | undefined): Tool | undefined => tool && current(tool);
  const result: Catalog = {
    ...catalog,
    tools: catalog.tools.map(current),
    find: (name) => found(catalog.find(name)),
    nearest: (name) => found(catalog.nearest(name)),
  };
  made.set(catalog, result);
  return result;
};

/** The names among the judgements that no command of the catalog has. */
export const findUnknownNames = (catalog: Catalog, judgements: Judgements = {}): string[] =>
  Object.keys(judgements).filter((name) => !catalog.find(name));
