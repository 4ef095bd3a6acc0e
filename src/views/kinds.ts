import type { Catalog } from '../catalog/catalog.ts';
import { kindOfParameter, type Kind } from '../catalog/kinds.ts';
import type { Tool } from '../catalog/tool.ts';
import { loadData } from '../data.ts';

/** A kind of resource that the page can list. */
export interface ListedKind {
  name: string;
  title: string;
  plural: string;
  /** The tool that lists it, and the arguments with which that shows everything. */
  list: string;
  args: Kind['args'];
  /** The list's parameter that narrows by name. */
  filter: string | undefined;
}

/** A tool that takes the id of a kind, under this parameter. */
export interface RelatedTool {
  tool: string;
  summary: string;
  risk: string;
  parameter: string;
}

const toListed =
  ({ find }: Catalog) =>
  ({ name, title, plural, list, args, filter }: Kind): ListedKind[] => {
    const tool = list === undefined ? undefined : find(list);
    return tool?.risk.risk === 'read' ? [{ name, title, plural, list: tool.name, args, filter }] : [];
  };

/** The kinds of resources that the cloud lists, by title. */
export const listedKinds = (catalog: Catalog): ListedKind[] =>
  loadData<Kind[]>('kinds.json')
    .flatMap(toListed(catalog))
    .sort((a, b) => a.plural.localeCompare(b.plural));

const takes = (tool: Tool, kind: string, isOwn: boolean): RelatedTool[] =>
  tool.command.params.flatMap((parameter) =>
    (parameter.name === 'id') === isOwn && kindOfParameter(tool.command, parameter)?.name === kind
      ? [{ tool: tool.name, summary: tool.summary, risk: tool.risk.risk, parameter: parameter.name }]
      : [],
  );

/** What lists things of a resource of this kind, and what acts on it. */
export const relatedTo = (
  catalog: Catalog,
  kind: string,
): { lists: (RelatedTool & ListedKind)[]; actions: RelatedTool[] } => {
  const { find, tools } = catalog;
  const lists = listedKinds(catalog).flatMap((listed) => {
    const [first] = takes(find(listed.list)!, kind, false);
    return first ? [{ ...listed, ...first }] : [];
  });
  return { lists, actions: tools.flatMap((tool) => (tool.risk.risk === 'read' ? [] : takes(tool, kind, true))) };
};
