import { givenIn } from '../catalog/given.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import type { Params, ParamValue } from '../types.ts';

type Wire = [string, string][];
type MapEntry = Readonly<Record<string, string>>;

const encodeMap = (parameter: Parameter, value: MapEntry | readonly MapEntry[]): Wire => {
  const { name } = parameter;
  const form = parameter.map?.form ?? 'flat';
  if (form === 'rows')
    return (value as readonly MapEntry[]).flatMap((row, index) =>
      Object.entries(row).map(([key, item]): [string, string] => [`${name}[${index}].${key}`, item]),
    );
  const entries = Object.entries(value as MapEntry);
  // Every field of a flat map stands under index 0: some commands read no other.
  if (form === 'flat') return entries.map(([key, item]) => [`${name}[0].${key}`, item]);
  const { keyAlone } = loadData<{ keyAlone: string[] }>('quirks.json');
  const isAny = (item: string): boolean => item === '' && keyAlone.includes(name);
  return entries.flatMap(([key, item], index): Wire => [
    [`${name}[${index}].key`, key],
    ...(isAny(item) ? [] : [[`${name}[${index}].value`, item] satisfies [string, string]]),
  ]);
};

const encodeValue = (parameter: Parameter, value: ParamValue): Wire => {
  if (parameter.type === 'map') return encodeMap(parameter, value as MapEntry | readonly MapEntry[]);
  return [[parameter.name, Array.isArray(value) ? value.join(',') : String(value)]];
};

/** The parameters of a command as CloudStack reads them: lists `a,b`, maps `p[0].key=…`. Pure. */
export const encodeParams = (command: Command, params: Params): Record<string, string> => {
  const wire = givenIn(command, params).flatMap((parameter) => encodeValue(parameter, params[parameter.name]!));
  return Object.fromEntries(wire);
};
