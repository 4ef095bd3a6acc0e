import { loadData } from '../data.ts';
import { isRecord, type Row } from '../rows.ts';
import { mask } from '../secrets/text.ts';
import { createReferences, idsIn, type Exported, type ExportedCall, type ExportReferences } from './exported.ts';

/** How one command is expressed in a format; a part of data/exports.json. */
interface Mapping {
  /** The type of the resource, or the module. */
  type?: string;
  module?: string;
  /** The parameter that names the resource which this call only adds to. */
  into?: string;
  /** Pairs `path=option`; `#` marks a number, `[]` a list, `~` small letters; of several for one option the first that has a value counts. */
  set: string;
  /** Calls with the same value here are blocks of one resource. */
  by?: string;
  block?: string;
  /** The option that takes `startport` and `endport` together. */
  ports?: string;
  /** The option that takes the network's CIDR, of which the call tells gateway and netmask. */
  cidr?: string;
  tags?: boolean;
  /** Parameters that need not be expressed: always, with this value (`:`), or where they equal another (`=`). */
  none?: string;
  also?: Readonly<Record<string, OptionValue>>;
  /** What is there can be taken over by its id; true unless it says otherwise. */
  import?: boolean;
  /** The field of what is made that others are given, where it is not its name. */
  register?: string;
}

// A symbol: no name that a tenant chose makes an expression of its value.
const writtenCode = Symbol('writtenCode');

/** Code of the format, which is written as it is. */
export interface WrittenCode {
  readonly [writtenCode]: string;
}

/** Several values, each with its name. */
interface OptionValues {
  [key: string]: OptionValue;
}

/** An option's value: a text, an expression of the format, a number, a yes or no, or several. */
export type OptionValue = string | number | boolean | WrittenCode | readonly OptionValue[] | OptionValues;

/** An expression of the format. */
export const toWrittenCode = (code: string): WrittenCode => ({ [writtenCode]: code });

/** The code of an expression; undefined for any other value. */
export const codeOf = (value: OptionValue): string | undefined =>
  typeof value === 'object' && writtenCode in value ? value[writtenCode] : undefined;

/** One resource or task, before it is written. */
export interface ResourceBlock {
  call: ExportedCall;
  mapping: Mapping;
  options: Record<string, OptionValue>;
  /** Blocks within it, all of one name. */
  blocks: Record<string, OptionValue>[];
  /** What of its calls the format has no word for. */
  left: string[];
}

/** What a format makes of the calls. */
export interface TargetLanguage {
  mappings: Readonly<Record<string, Mapping>>;
  /** A thing that is made here, or not, as an option names it. */
  nameMade(call: ExportedCall, mapping: Mapping | undefined, option: string): OptionValue;
  nameOutside(id: string, references: ExportReferences, option: string): OptionValue;
  /** A value that must not be written. */
  secret(name: string): OptionValue;
}

interface ExportMappings {
  terraform: Readonly<Record<string, Mapping>>;
  ansible: Readonly<Record<string, Mapping>>;
}

/** The mappings of a format. */
export const loadMappings = (format: 'terraform' | 'ansible'): Readonly<Record<string, Mapping>> =>
  loadData<ExportMappings>('exports.json')[format];

/** A value is a record of values. */
export const isMap = (value: OptionValue): value is { [key: string]: OptionValue } =>
  isRecord(value) && codeOf(value) === undefined;

const toList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : typeof value === 'string' ? value.split(',').filter(Boolean) : [value];

/** `10.1.2.0/24` of a gateway and a netmask; undefined where one is missing. */
const cidrOf = ({ gateway, netmask }: Row): string | undefined => {
  if (typeof gateway !== 'string' || typeof netmask !== 'string') return undefined;
  const [address, bits] = [gateway, netmask].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const length = bits.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  return `${address.map((byte, at) => byte & bits[at]!).join('.')}/${length}`;
};

const portsOf = ({ startport, endport = startport }: Row): string | undefined => {
  if (startport === undefined) return undefined;
  return startport === endport ? String(startport) : `${String(startport)}-${String(endport)}`;
};

const shown = (name: string, value: unknown): string =>
  `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`.replace(/\s+/g, ' ');

const isNeedless = (words: string, params: Row, name: string): boolean =>
  words.split(' ').some((word) => {
    const [, own, sign, other] = /^(\w+)(?:([:=])(.*))?$/.exec(word) ?? [];
    if (own !== name) return false;
    if (sign === undefined) return true;
    return String(params[name]) === String(sign === ':' ? other : params[other!]);
  });

/** Says calls in the words of a format. What is not expressed stands in `left`, or, where a whole call is not, as a call. */
export const toBlocks = (
  exported: Exported,
  { mappings, nameMade, nameOutside, secret }: TargetLanguage,
): (ResourceBlock | { unsupported: ExportedCall })[] => {
  const references = createReferences(exported);
  const scalar = (value: unknown, option: string, label: string): OptionValue => {
    if (value === mask) return secret(`${label}_${option}`);
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    const [id] = idsIn(value);
    if (id === undefined) return String(value);
    const made = references.made.get(id);
    return made ? nameMade(made, mappings[made.command.name], option) : nameOutside(id, references, option);
  };
  const optionsOf = ({ params, label }: ExportedCall, words: string) => {
    const options: Record<string, OptionValue> = {};
    const expressed = new Set<string>();
    for (const word of words.split(' ').filter(Boolean)) {
      const [, path = '', named, mark] = /^([\w.]+)(?:=(\w+))?(#|~|\[\])?$/.exec(word) ?? [];
      const option = named ?? path;
      const value = references.follow(params, path);
      if (!path.includes('.')) expressed.add(path);
      if (value === undefined || value === '' || Object.hasOwn(options, option)) continue;
      const values = toList(value);
      if (mark === '[]') options[option] = values.map((one) => scalar(one, option, label));
      else if (mark === '#') options[option] = Number(value);
      else if (mark === '~') options[option] = String(value).toLowerCase();
      // Of several, an option that takes one is given the first.
      else options[option] = scalar(Array.isArray(value) ? values[0] : value, option, label);
      if (mark !== '[]' && Array.isArray(value) && values.length > 1) expressed.delete(path);
    }
    return { options, expressed };
  };
  const leftOf = (
    { params }: ExportedCall,
    { none = '', ports, cidr }: Mapping,
    expressed: ReadonlySet<string>,
  ): string[] => {
    const known = new Set([...expressed, ...(ports ? ['startport', 'endport'] : []), ...(cidr ? ['netmask'] : [])]);
    return Object.entries(params).flatMap(([name, value]) =>
      known.has(name) || isNeedless(none, params, name) ? [] : [shown(name, value)],
    );
  };
  const blocks: (ResourceBlock | { unsupported: ExportedCall })[] = [];
  const byId = new Map<string, ResourceBlock>();
  const byGroup = new Map<string, ResourceBlock>();
  const addTags = ({ params }: ExportedCall): boolean => {
    const targets = idsIn(params['resourceids']).map((id) => byId.get(id));
    const { tags } = params;
    if (!isRecord(tags) || !targets.length || !targets.every((one) => one?.mapping.tags)) return false;
    for (const target of targets) {
      const { tags: known } = target!.options;
      target!.options['tags'] = {
        ...(isMap(known ?? '') ? (known as object) : {}),
        ...(tags as Record<string, string>),
      };
    }
    return true;
  };
  for (const call of exported.calls) {
    const { params, command } = call;
    const mapping = Object.hasOwn(mappings, command.name) ? mappings[command.name] : undefined;
    if (!mapping) {
      if (!(Object.hasOwn(params, 'tags') && addTags(call))) blocks.push({ unsupported: call });
      continue;
    }
    const { options, expressed } = optionsOf(call, mapping.set);
    const ports = mapping.ports && portsOf(params);
    if (mapping.ports && ports !== undefined)
      options[mapping.ports.replace('[]', '')] = mapping.ports.endsWith('[]') ? [ports] : ports;
    const cidr = mapping.cidr && cidrOf(params);
    if (mapping.cidr && cidr) options[mapping.cidr] = cidr;
    if (mapping.into !== undefined) {
      const target = byId.get(String(params[mapping.into]));
      if (!target) {
        blocks.push({ unsupported: call });
        continue;
      }
      Object.assign(target.options, options, mapping.also);
      target.left.push(...leftOf(call, mapping, new Set([...expressed, mapping.into])));
      continue;
    }
    const group = mapping.by && `${command.name} ${String(params[mapping.by.split('=')[0]!])}`;
    const known = group === undefined ? undefined : byGroup.get(group);
    const outer = mapping.by ? optionsOf(call, mapping.by) : undefined;
    const left = leftOf(call, mapping, new Set([...expressed, ...(outer?.expressed ?? [])]));
    if (known) {
      known.blocks.push(options);
      known.left.push(...left);
      continue;
    }
    const groupLabel = mapping.by && references.made.get(String(params[mapping.by.split('=')[0]!]))?.label;
    const block: ResourceBlock = {
      call: groupLabel === undefined ? call : { ...call, label: groupLabel },
      mapping,
      options: outer ? outer.options : { ...mapping.also, ...options },
      blocks: outer ? [options] : [],
      left,
    };
    blocks.push(block);
    if (group !== undefined) byGroup.set(group, block);
    else if (call.id !== undefined) byId.set(call.id, block);
  }
  return blocks;
};
