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

/** A text of HCL: a brace behind a sign of a template is one by its number, so that nothing is evaluated. */
const toText = (text: string): string =>
  // HCL knows no \b and \f.
  JSON.stringify(text.replace(/[\b\f]/g, '')).replace(/([$%])\{/g, '$1\\u007b');

const write = (value: OptionValue): string => {
  const code = codeOf(value);
  if (code !== undefined) return code;
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  if (isMap(value))
    return `{\n${Object.entries(value)
      .map(([key, one]) => `    ${toText(key)} = ${write(one)}`)
      .join('\n')}\n  }`;
  return typeof value === 'string' ? toText(value) : String(value);
};

/** Options with their signs of equality one below the other, as `terraform fmt` wants them. */
const writeOptions = (options: Readonly<Record<string, OptionValue>>, indent: string): string[] => {
  const entries = Object.entries(options);
  const plain = entries.filter(([, value]) => !isMap(value));
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  return [
    ...plain.map(([name, value]) => `${indent}${name.padEnd(width)} = ${write(value)}`),
    ...entries.flatMap(([name, value]) => {
      if (!isMap(value)) return [];
      const keys = Object.keys(value).map(toText);
      const maxLength = Math.max(0, ...keys.map((key) => key.length));
      const pairs = Object.values(value).map((one, at) => `${indent}  ${keys[at]!.padEnd(maxLength)} = ${write(one)}`);
      return [`${indent}${name} = {`, ...pairs, `${indent}}`];
    }),
  ];
};

const isNamedById = (option: string): boolean => /_ids?$/.test(option);

const writeResource = ({ call, mapping, options, blocks, left }: ResourceBlock): string[] => [
  ...left.map((one) => `# The provider has no word for ${one}`),
  `resource "${mapping.type}" "${call.label}" {`,
  ...writeOptions(options, '  '),
  ...blocks.flatMap((block) => ['', `  ${mapping.block} {`, ...writeOptions(block, '    '), '  }']),
  '}',
  '',
];

/** What is there is taken over, where the provider can. */
const writeImport = ({ call: { label, id, isThere }, mapping }: ResourceBlock): string[] => {
  if (!isThere || id === undefined) return [];
  if (mapping.import === false || mapping.by !== undefined)
    return [`# The provider cannot import ${mapping.type}.${label}: it would be created again.`, ''];
  return ['import {', `  to = ${mapping.type}.${label}`, `  id = ${toText(id)}`, '}', ''];
};

/** Terraform or OpenTofu, with the provider cloudstack/cloudstack; what is there already is imported. */
export const toTerraform = (exported: Exported): string => {
  const variables = new Set<string>();
  const format: TargetLanguage = {
    mappings: loadMappings('terraform'),
    nameMade: (call, mapping) => (mapping?.type ? toWrittenCode(`${mapping.type}.${call.label}.id`) : (call.id ?? '')),
    nameOutside: (id, { outside }, option) => (isNamedById(option) ? id : (outside.get(id)?.name ?? id)),
    secret: (name) => {
      variables.add(name);
      return toWrittenCode(`var.${name}`);
    },
  };
  const body = toBlocks(exported, format).flatMap((block) =>
    'unsupported' in block
      ? [`# The provider has no resource for: ${toCmkLine(exported, block.unsupported)}`, '']
      : [...writeImport(block), ...writeResource(block)],
  );
  return [
    ...exported.notes.map((note) => `# ${note}`),
    'terraform {',
    '  required_providers {',
    '    cloudstack = {',
    '      source = "cloudstack/cloudstack"',
    '    }',
    '  }',
    '}',
    '',
    ...[...variables].flatMap((name) => [
      `variable "${name}" {`,
      '  type      = string',
      '  sensitive = true',
      '}',
      '',
    ]),
    ...body,
  ].join('\n');
};
