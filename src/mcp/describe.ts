import { exampleArguments } from '../catalog/example.ts';
import { isGrave, raisesOf } from '../catalog/parameter-risks.ts';
import { raisesText } from '../catalog/raise-text.ts';
import { neededBy } from '../catalog/requirements.ts';
import { toInputSchema, type JsonSchema } from '../catalog/schema.ts';
import type { Tool } from '../catalog/tool.ts';
import { toolForRisk } from '../guard/permit.ts';

/** A tool as find-tools lists it. */
export const toMatch = (tool: Tool) => ({
  tool: tool.name,
  command: tool.command.name,
  risk: tool.risk.risk,
  summary: tool.summary,
  required: [...neededBy(tool.command)],
});

/** Arguments that make a tool worse than its own risk, each with what it does. */
const askedAbout = ({ command, risk }: Tool): string[] =>
  raisesText(raisesOf(command, risk).filter(({ risk: worse, severity }) => isGrave({ risk: worse, severity })));

/** Everything about a tool that a caller needs to use it. */
export const toDescription = (tool: Tool): Record<string, unknown> => {
  const { command, risk } = tool;
  const raises = askedAbout(tool);
  const inputSchema = toInputSchema(command);
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
    example: { name: toolForRisk(risk.risk), arguments: { tool: tool.name, arguments: exampleArguments(command) } },
  };
};

const parameterLine = ([name, schema]: [string, JsonSchema], required: ReadonlySet<string>): string => {
  const keys = schema.items?.properties ? ` of {${Object.keys(schema.items.properties).join(', ')}}` : '';
  const values = schema.enum ?? schema.items?.enum;
  // Numbers stand in the description, each with its name.
  const shown = values && typeof values[0] === 'string' ? `, one of ${values.join(' | ')}` : '';
  return `- ${name}${required.has(name) ? '*' : ''} (${schema.type ?? 'string'}${keys}${shown})${schema.description ? `: ${schema.description}` : ''}`;
};

/** The same as text that is enough alone; `*` marks what is required. */
export const describeInText = (tool: Tool): string => {
  const { properties = {}, required = [], description } = toInputSchema(tool.command);
  const { risk } = tool;
  const facts = [
    `risk ${risk.risk}${risk.risk === 'read' ? '' : ` (${risk.severity}, ${risk.reversible ? 'reversible' : 'not reversible'})`}`,
    `call ${toolForRisk(risk.risk)}`,
    ...(tool.command.async ? ['asynchronous'] : []),
    `releases ${tool.command.releases}`,
  ];
  return [
    `${tool.name} (${tool.command.name}): ${tool.summary}. ${facts.join('; ')}.`,
    ...(risk.warning ? [risk.warning] : []),
    ...askedAbout(tool).map((line) => `Asked about: ${line}`),
    ...(description ? [description] : []),
    ...Object.entries(properties).map((property) => parameterLine(property, new Set(required))),
  ].join('\n');
};
