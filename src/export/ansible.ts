import { toCmkLine } from './cmk.ts';
import {
  isCode,
  isMap,
  loadMappings,
  toBlocks,
  type ResourceBlock,
  type TargetLanguage,
  type OptionValue,
} from './mapping.ts';
import type { Exported } from './exported.ts';

/** Texts that Jinja would read are no templates here. */
const toYaml = (value: OptionValue): unknown => {
  if (Array.isArray(value)) return value.map(toYaml);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toYaml(one)]));
  if (isCode(value)) return value.code;
  return typeof value === 'string' && /\{[{%#]/.test(value) ? `{% raw %}${value}{% endraw %}` : value;
};

const optionsOf = ({ options }: ResourceBlock): Record<string, unknown> => {
  const { tags, ...rest } = options;
  const pairs = tags === undefined || !isMap(tags) ? undefined : Object.entries(tags);
  const written = toYaml(rest) as Record<string, unknown>;
  return pairs ? { ...written, tags: pairs.map(([key, value]) => ({ key, value: toYaml(value) })) } : written;
};

/** Tasks for the collection ngine_io.cloudstack, in one play on this machine. */
export const toAnsible = async (exported: Exported): Promise<string> => {
  const secrets = new Set<string>();
  const named = ({ params, label }: Exported['calls'][number]): OptionValue =>
    (params['name'] ?? params['displayname'] ?? params['ipaddress'] ?? label) as string;
  const format: TargetLanguage = {
    mappings: loadMappings('ansible'),
    nameMade: (call, mapping) =>
      mapping?.register ? { code: `{{ ${call.label}.${mapping.register} }}` } : named(call),
    nameOutside: (id, { outside }) => outside.get(id)?.name ?? id,
    secret: (name) => {
      secrets.add(name);
      return { code: `{{ ${name} }}` };
    },
  };
  const { Document } = (await import('yaml')).default;
  const blocks = toBlocks(exported, format);
  const expressed = blocks.flatMap((block) => ('unsupported' in block ? [] : [block]));
  const unsupported = blocks.flatMap((block) => ('unsupported' in block ? [block.unsupported] : []));
  const tasks = expressed.map((block) => ({
    name: `${block.mapping.module} ${block.call.label}`,
    [`ngine_io.cloudstack.${block.mapping.module}`]: optionsOf(block),
    ...(block.mapping.register ? { register: block.call.label } : {}),
  }));
  const play = [{ name: 'CloudStack', hosts: 'localhost', connection: 'local', gather_facts: false, tasks }];
  const comments = [
    ...exported.notes,
    ...[...secrets].map((name) => `Secrets are not exported: give ${name}, such as with --extra-vars or a vault.`),
    ...expressed.flatMap(({ call, left }) => left.map((one) => `${call.label}: its module has no option for ${one}`)),
    ...unsupported.map((call) => `No module for: ${toCmkLine(exported, call)}`),
  ];
  const text = new Document(play).toString({ lineWidth: 0 });
  return [...comments.map((line) => `# ${line}`), '---', text].join('\n');
};
