import { toCmkLine } from './cmk.ts';
import {
  codeOf,
  isMap,
  loadMappings,
  toBlocks,
  toWrittenCode,
  type ResourceBlock,
  type TargetLanguage,
  type OptionValue,
} from './mapping.ts';
import type { Exported } from './exported.ts';

/** What a value is in YAML. `toUnsafe`: a text that Jinja would read, as one that Ansible never evaluates. */
const toYaml = (value: OptionValue, toUnsafe: (text: string) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((one: OptionValue) => toYaml(one, toUnsafe));
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toYaml(one, toUnsafe)]));
  return codeOf(value) ?? (typeof value === 'string' && /\{[{%#]/.test(value) ? toUnsafe(value) : value);
};

/** The module takes tags as a list of pairs. */
const optionsOf = ({ options }: ResourceBlock): Record<string, OptionValue> => {
  const { tags, ...rest } = options;
  const pairs = tags === undefined || !isMap(tags) ? undefined : Object.entries(tags);
  return pairs ? { ...rest, tags: pairs.map(([key, value]) => ({ key, value })) } : rest;
};

/** Tasks for the collection ngine_io.cloudstack, in one play on this machine. */
export const toAnsible = async (exported: Exported): Promise<string> => {
  const secrets = new Set<string>();
  const named = ({ params, label }: Exported['calls'][number]): OptionValue =>
    (params['name'] ?? params['displayname'] ?? params['ipaddress'] ?? label) as string;
  const format: TargetLanguage = {
    mappings: loadMappings('ansible'),
    nameMade: (call, mapping) =>
      mapping?.register ? toWrittenCode(`{{ ${call.label}.${mapping.register} }}`) : named(call),
    nameOutside: (id, { outside }) => outside.get(id)?.name ?? id,
    secret: (name) => {
      secrets.add(name);
      return toWrittenCode(`{{ ${name} }}`);
    },
  };
  const { Document, Scalar } = (await import('yaml')).default;
  const toUnsafe = (text: string): unknown => Object.assign(new Scalar(text), { tag: '!unsafe' });
  const blocks = toBlocks(exported, format);
  const expressed = blocks.flatMap((block) => ('unsupported' in block ? [] : [block]));
  const unsupported = blocks.flatMap((block) => ('unsupported' in block ? [block.unsupported] : []));
  const tasks = expressed.map((block) => ({
    name: `${block.mapping.module} ${block.call.label}`,
    [`ngine_io.cloudstack.${block.mapping.module}`]: toYaml(optionsOf(block), toUnsafe),
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
