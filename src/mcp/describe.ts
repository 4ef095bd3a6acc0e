import { once } from '../catalog/once.ts';
import { exampleArguments } from '../catalog/example.ts';
import { isGrave, raisesOf } from '../catalog/parameter-risks.ts';
import { spellingKey } from '../catalog/names.ts';
import { raisesText, whenText } from '../catalog/raise-text.ts';
import { neededBy } from '../catalog/requirements.ts';
import { toInputSchema, type JsonSchema } from '../catalog/schema.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { toolForRisk } from '../guard/permit.ts';
import { estimateTokens } from '../present/tokens.ts';

/** A tool as find-tools lists it. */
export const toMatch = (tool: Tool) => ({
  tool: tool.name,
  command: tool.command.name,
  risk: tool.risk.risk,
  summary: tool.summary,
  required: [...neededBy(tool.command)],
});

const schemaOf = once(toInputSchema);
const exampleOf = once(exampleArguments);

/** Arguments that make a tool worse than its own risk, each with what it does. */
const askedAbout = ({ command, risk }: Tool): string[] =>
  raisesText(raisesOf(command, risk).filter(({ risk: worse, severity }) => isGrave({ risk: worse, severity })));

const parameterLine = ([name, schema]: [string, JsonSchema], required: ReadonlySet<string>): string => {
  const keys = schema.items?.properties ? ` of {${Object.keys(schema.items.properties).join(', ')}}` : '';
  const values = schema.enum ?? schema.items?.enum;
  // Numbers stand in the description, each with its name.
  const shown = values && typeof values[0] === 'string' ? `, one of ${values.join(' | ')}` : '';
  return `- ${name}${required.has(name) ? '*' : ''} (${schema.type ?? 'string'}${keys}${shown})${schema.description ? `: ${schema.description}` : ''}`;
};

/** A line of text for each parameter, those that are required first. */
const parameterLines = once((command: Command): [string, string][] => {
  const { properties = {}, required = [] } = schemaOf(command);
  return Object.entries(properties).map((property) => [property[0], parameterLine(property, new Set(required))]);
});

/** Characters of a description after which the other parameters are only named: about 600 tokens with what stands around it. */
const maxLength = 1700;
/** Estimated tokens of a description as data, whole; the estimate is high for schemas: 700 tokens at most. */
const maxDataTokens = 815;
/** Characters of a condition under which a user is asked; a longer one is told by its parameter's name. */
const maxAsked = 24;

/** What is told of a tool: the parameters that are described, the names of the others, what is asked about. */
export interface Detail {
  shown: ReadonlySet<string>;
  rest: readonly string[];
  raises: readonly string[];
}

/** All of a tool, or of the parameters that are named; `*` are all. */
const detailOf = (tool: Tool, names: readonly string[]): Detail => {
  const keys = new Set(names.map(spellingKey));
  const isAll = names.includes('*');
  const [shown, rest] = [true, false].map((wanted) =>
    tool.command.params.flatMap(({ name }) => ((isAll || keys.has(name)) === wanted ? [name] : [])),
  );
  return { shown: new Set(shown), rest: rest!, raises: isAll ? askedAbout(tool) : [] };
};

/** What a first look at a tool needs: what every call needs and what is used most; of the few longest commands not all. */
const briefOf = once((tool: Tool): Detail => {
  const whole = detailOf(tool, ['*']);
  const lines = new Map(parameterLines(tool.command));
  const length = (texts: Iterable<string>): number => [...texts].join('\n').length;
  const dataTokens = (detail: Detail): number => estimateTokens(JSON.stringify(toDescription(tool, detail)));
  if (length([...lines.values(), ...whole.raises]) <= maxLength && dataTokens(whole) <= maxDataTokens) return whole;
  const when = raisesOf(tool.command, tool.risk)
    .filter(({ risk: worse, severity }) => isGrave({ risk: worse, severity }))
    .map((raise) => (whenText(raise).length > maxAsked ? raise.parameter : whenText(raise)));
  const raises = when.length ? [[...new Set(when)].join('; ')] : [];
  const needed = neededBy(tool.command);
  const usual = loadData<string[]>('first-parameters.json').filter((name) => lines.has(name) && !needed.has(name));
  const others = [...lines.keys()].filter((name) => !needed.has(name) && !usual.includes(name));
  const detail = (shown: ReadonlySet<string>): Detail => ({
    shown,
    rest: [...lines.keys()].filter((name) => !shown.has(name)),
    raises,
  });
  const shown = new Set(needed);
  const schemas = schemaOf(tool.command).properties ?? {};
  let left =
    maxLength - length([...raises, ...lines.keys()]) - length([...needed].map((name) => lines.get(name) ?? ''));
  let leftOfData = maxDataTokens - dataTokens(detail(needed));
  for (const name of [...usual, ...others]) {
    const cost = lines.get(name)!.length - name.length;
    const costOfData = estimateTokens(`${JSON.stringify(schemas[name])},`);
    if (cost > left || costOfData > leftOfData) continue;
    left -= cost;
    leftOfData -= costOfData;
    shown.add(name);
  }
  return detail(shown);
});

/** What to tell of a tool; of the parameters that are named all, where some are. */
export const chooseDetail = (tool: Tool, parameters: readonly string[] | undefined): Detail =>
  parameters?.length ? detailOf(tool, parameters) : briefOf(tool);

const narrowSchema = (schema: JsonSchema, { shown, rest }: Detail): JsonSchema =>
  rest.length
    ? {
        ...schema,
        properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => shown.has(name))),
        additionalProperties: true,
      }
    : schema;

/** Everything about a tool that a caller needs to use it; of a detail's parameters only. */
export const toDescription = (tool: Tool, detail = detailOf(tool, ['*'])): Record<string, unknown> => {
  const { command, risk } = tool;
  const { raises, rest } = detail;
  const inputSchema = narrowSchema(schemaOf(command), detail);
  return {
    ...toMatch(tool),
    toolset: tool.toolset,
    async: command.async ?? false,
    since: command.releases.split('-')[0],
    releases: command.releases,
    ...(risk.risk === 'read'
      ? {}
      : { severity: risk.severity, reversible: risk.reversible, impactScope: risk.impactScope, warning: risk.warning }),
    ...(raises.length ? { raises } : {}),
    inputSchema,
    ...(rest.length ? { otherParameters: rest } : {}),
    example: { name: toolForRisk(risk.risk), arguments: { tool: tool.name, arguments: exampleOf(command) } },
  };
};

/** The same as text that is enough alone; `*` marks what is required. */
export const describeInText = (tool: Tool, { shown, rest, raises } = detailOf(tool, ['*'])): string => {
  const { description } = schemaOf(tool.command);
  const { risk } = tool;
  const example = { tool: tool.name, arguments: exampleOf(tool.command) };
  const facts = [
    `risk ${risk.risk}${risk.risk === 'read' ? '' : ` (${risk.severity}, ${risk.reversible ? 'reversible' : 'not reversible'})`}`,
    `call ${toolForRisk(risk.risk)}`,
    ...(tool.command.async ? ['asynchronous'] : []),
    `releases ${tool.command.releases}`,
  ];
  return [
    `${tool.name} (${tool.command.name}): ${tool.summary}. ${facts.join('; ')}.`,
    ...(risk.warning ? [risk.warning] : []),
    ...raises.map((line) => `Asked about: ${line}`),
    ...(description ? [description] : []),
    `Example: ${toolForRisk(risk.risk)} ${JSON.stringify(example)}`,
    ...parameterLines(tool.command).flatMap(([name, line]) => (shown.has(name) ? [line] : [])),
    ...(rest.length ? [`Also: ${rest.join(', ')} (describe-tools with parameters describes them).`] : []),
  ].join('\n');
};
