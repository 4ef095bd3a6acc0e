import { unmetBy, type Unmet } from './requirements.ts';
import { toInputSchema, type JsonSchema } from './schema.ts';
import type { Command } from './types.ts';

const sample = (name: string, schema: JsonSchema): unknown => {
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'array':
      return [sample(name, schema.items ?? {})];
    case 'object':
      return schema.properties
        ? Object.fromEntries(Object.keys(schema.properties).map((key) => [key, '…']))
        : { key: 'value' };
    default:
      return `<${name}>`;
  }
};

/** Arguments with which a command can be called: what is required, and what CloudStack asks for beyond that. */
export const exampleArguments = (command: Command): Record<string, unknown> => {
  const { required = [], properties = {} } = toInputSchema(command);
  const args = Object.fromEntries(required.map((name) => [name, sample(name, properties[name] ?? {})]));
  for (;;) {
    const lacking = unmetBy(command, args).find(({ missing }) => missing.length > 0);
    if (!lacking) return args;
    const { requirement, missing } = lacking;
    for (const entry of requirement.rule === 'all' ? missing : missing.slice(0, 1)) {
      const [name = '', wanted] = entry.split('=');
      // A false counts as not given; it would be asked for without end.
      args[name] = wanted ?? (sample(name, properties[name] ?? {}) || `<${name}>`);
    }
  }
};

/** What a call would have to name to meet a requirement; undefined where it has to leave something out. */
export const exampleFor = (command: Command, { requirement, missing, excess }: Unmet): string | undefined => {
  const { when = {}, of, rule } = requirement;
  const { properties = {} } = toInputSchema(command);
  const valueOf = (name: string, wanted?: string): unknown => wanted ?? sample(name, properties[name] ?? {});
  if (rule === 'none') return undefined;
  const named = missing.length ? (rule === 'all' ? of : missing.slice(0, 1)) : excess.slice(0, 1);
  const conditions = Object.entries(when).map(([name, values]) => [name, values === true ? valueOf(name) : values[0]]);
  const entries = named.map((entry) => [entry.split('=')[0]!, valueOf(entry.split('=')[0]!, entry.split('=')[1])]);
  return JSON.stringify(Object.fromEntries([...conditions, ...entries]));
};
