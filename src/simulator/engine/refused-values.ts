import { isIPv6 } from 'node:net';
import { appliesTo, type Conditions } from '../../catalog/requirements.ts';
import type { Command } from '../../catalog/types.ts';
import { loadData } from '../../data.ts';
import { isDomainName } from './encodings.ts';
import { blockOf, isPrivate, parseBlock, toNumber } from '../rules/ip.ts';
import { ApiError, badValue } from '../world/errors.ts';
import { numberSetting } from '../world/settings.ts';
import type { Fields } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** What a text may have to be, by name. */
const forms = {
  ip4: (text: string) => !Number.isNaN(toNumber(text)),
  ip6: (text: string) => isIPv6(text),
  netmask: (text: string) => blockOf('10.0.0.1', text) !== undefined,
  cidrs: (text: string) => text.split(',').every((cidr) => cidr.includes('/') && parseBlock(cidr.trim()) !== undefined),
  /** A block of private addresses (NetUtils.validateGuestCidr). */
  guestCidr: (text: string) => text.includes('/') && isPrivate(text),
  domain: isDomainName,
  /** Two addresses, the first of which does not lie above the second. */
  range: (text: string) => {
    const [first = '', last = '', ...more] = text.split('-');
    return more.length === 0 && toNumber(first) <= toNumber(last);
  },
  mac: (text: string) => /^([0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$/i.test(text),
  /** The lowest bit of the first byte is not set. */
  unicastMac: (text: string) => Number.parseInt(text.slice(0, 2), 16) % 2 === 0,
} satisfies Record<string, (text: string) => boolean>;

/** What CloudStack refuses of one parameter. */
interface RefusedValue extends Conditions {
  commands: readonly string[];
  /** The parameter. */
  of: string;
  min?: number;
  /** A number, or the setting that has it: 0 is no bound. */
  max?: number | string;
  /** The parameter that it may not exceed, where that is given. */
  notAbove?: string;
  form?: keyof typeof forms;
  /** An empty text is as good as none. */
  orEmpty?: true;
  /** How the refusal reads; `{value}`, `{max}`, or a parameter's value. */
  text: string;
  /** CloudStack's number of the refusal, where it is not 4350. */
  code?: number;
  /** HTTP status of the refusal, where it is not 431. */
  status?: number;
  /** The method that refuses it, in CloudStack's source. */
  from: string;
}

/** What CloudStack refuses of the settings of these names. */
interface RefusedSetting {
  names: readonly string[];
  min?: number;
  max?: number;
  /** It must be larger than this. */
  above?: number;
  /** How the refusal reads; `{name}` is the setting's. */
  text: string;
  from: string;
}

const rules = () =>
  loadData<{ parameters: readonly RefusedValue[]; settings: readonly RefusedSetting[] }>('refused-values.json');

let byCommand: ReadonlyMap<string, readonly RefusedValue[]> | undefined;

const index = (): ReadonlyMap<string, readonly RefusedValue[]> => {
  const map = new Map<string, RefusedValue[]>();
  for (const rule of rules().parameters)
    for (const command of rule.commands) map.set(command, [...(map.get(command) ?? []), rule]);
  return map;
};

const maxOf = (world: World, args: Fields, { max, notAbove }: RefusedValue): number | undefined => {
  if (notAbove !== undefined) return typeof args[notAbove] === 'number' ? args[notAbove] : undefined;
  if (typeof max !== 'string') return max;
  return numberSetting(world, max, 0) || undefined;
};

const breaks = (value: string | number, rule: RefusedValue, max: number | undefined): boolean =>
  typeof value === 'number'
    ? (rule.min !== undefined && value < rule.min) || (max !== undefined && value > max)
    : rule.form !== undefined && !(rule.orEmpty && value === '') && !forms[rule.form](value.trim());

/** Refuses a value outside its bounds, or not of its form, in CloudStack's words. */
export const checkRefusedValues = (world: World, command: Command, args: Fields): void => {
  for (const rule of (byCommand ??= index()).get(command.name) ?? []) {
    const given = args[rule.of];
    const values = Array.isArray(given) ? given : [given];
    const max = maxOf(world, args, rule);
    const wrong = values.find(
      (value): value is string | number =>
        (typeof value === 'number' || typeof value === 'string') && breaks(value, rule, max),
    );
    if (wrong === undefined || !appliesTo(args, rule)) continue;
    const written: Fields = { ...args, value: wrong, max };
    throw new ApiError(
      rule.status ?? 431,
      rule.text.replace(/\{(\w+)\}/g, (_, word: string) => String(written[word] ?? 'null')),
      rule.code ?? 4350,
    );
  }
};

const isAddress = (text: string): boolean => !Number.isNaN(toNumber(text));

/** Refuses a setting's value outside its bounds, or a text that is no address where the name says that it is one. */
export const checkSetting = (name: string, value: string, isText: boolean): void => {
  const number = value === '' ? NaN : Number(value);
  if (Number.isNaN(number) && rules().settings.some(({ names }) => names.includes(name)))
    throw badValue(
      `There was error in trying to parse value: ${value}. Please enter a valid float value for parameter ${name}`,
    );
  const wrong = rules().settings.find(
    ({ names, min = -Infinity, max = Infinity, above = -Infinity }) =>
      names.includes(name) && (number < min || number > max || number <= above),
  );
  if (wrong) throw badValue(wrong.text.replace('{name}', name));
  const isRange = name.endsWith('.iprange');
  if (!isText || value === '' || !(isRange || name.endsWith('.ip') || name.endsWith('.ipaddress'))) return;
  const addresses = isRange ? value.split('-') : [value];
  if (addresses.length !== (isRange ? 2 : 1) || !addresses.every(isAddress))
    throw badValue('Invalid IP address value(s) specified for the config value');
};
