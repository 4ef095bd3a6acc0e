import { findKind, kindBeside, kindOfParameter, typeParameterOf, type Kind } from '../catalog/kinds.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import { isId, toLabel } from '../text.ts';
import type { Params } from '../types.ts';

/** Where ids stand that no parameter's type tells of; data/references.json. */
interface References {
  /** Keys of map entries that hold an id → its kind. */
  entries: Record<string, string>;
  /** Parameters that say where among others of its kind a thing is put: those others stay as they are. */
  beside: string[];
}

/** An id in a call. */
export interface Named {
  parameter: string;
  id: string;
  /** Undefined where nothing tells what it is. */
  kind: Kind | undefined;
  /** How sure it is that this is acted on: `id` and the like, else required, else given. */
  rank: 'own' | 'required' | 'given';
}

// Where a thing is put and what it is made from: named in a call, but not what it acts on.
const context = new Set([
  'Zone',
  'Domain',
  'Project',
  'ServiceOffering',
  'DiskOffering',
  'NetworkOffering',
  'VpcOffering',
  'GuestOS',
  'KubernetesSupportedVersion',
]);

/** What a new thing is made from and shared by many: using it changes nothing of it. */
const sources = new Set([
  'Template',
  'Iso',
  'SSHKeyPair',
  'UserData',
  'Backup',
  'AutoScalePolicy',
  'AutoScaleVmProfile',
  'GpuCard',
  'VgpuProfile',
]);

/** Places: checked by themselves, not as something that belongs to someone. */
export const owners = new Set(['domainid', 'projectid']);

/** Some ids are declared as plain text. */
const takesId = ({ type, of }: Parameter, kind: Kind | undefined): boolean =>
  type === 'uuid' || of === 'uuid' || (type === 'string' && kind !== undefined);

/** CloudStack's entity names and its response types differ in prefixes: VirtualMachineTemplate, Template. */
const kindWithoutCase = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^virtualmachine(?=.)/, '')
    .replace(/^uservm$/, 'virtualmachine');

/** Whether a command is about things of a kind, as CloudStack names its entity. */
export const isAbout = ({ entity = [] }: Command, kind: string): boolean =>
  entity.some((name) => kindWithoutCase(name) === kindWithoutCase(kind));

/** Whether a command uses things of a kind and leaves them as they are. */
const isOnlyUsed = (command: Command, kind: string): boolean =>
  context.has(kind) || (sources.has(kind) && !isAbout(command, kind));

const rankOf = (command: Command, parameter: Parameter, kind: Kind | undefined): Named['rank'] => {
  if (parameter.name === 'id' || parameter.name === 'ids') return 'own';
  return parameter.required && !isOnlyUsed(command, kind?.name ?? '') ? 'required' : 'given';
};

const inEntries = (parameter: string, value: unknown, entries: References['entries']): Named[] =>
  [value].flat().flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null
      ? Object.entries(entry).flatMap(([key, id]): Named[] => {
          const kind = entries[key.toLowerCase()];
          return kind
            ? [{ parameter: `${parameter}.${key}`, id: String(id), kind: findKind(kind), rank: 'given' }]
            : [];
        })
      : [],
  );

/** Every id in a call but its domain and project: in parameters of their own, beside a type, in entries of maps. */
export const namedIn = (command: Command, params: Params): readonly Named[] => {
  const { entries } = loadData<References>('references.json');
  return command.params.flatMap((parameter): Named[] => {
    const { name } = parameter;
    const value = params[name];
    if (value === undefined || owners.has(name)) return [];
    const ownKind = kindOfParameter(command, parameter);
    if (takesId(parameter, ownKind)) {
      const ids = [value].flat().flatMap((id) => (typeof id === 'string' ? id.split(',') : [String(id)]));
      return ids.map((id) => ({ parameter: name, id, kind: ownKind, rank: rankOf(command, parameter, ownKind) }));
    }
    if (typeParameterOf(command, parameter) !== undefined) {
      const kind = kindBeside(command, parameter, params);
      const internal = kind && [value].flat().find((id) => !isId(String(id)));
      // CloudStack takes the numbers of its database here, too; what they mean cannot be looked up.
      if (internal !== undefined)
        throw new CallError(
          'invalid',
          `${name} must be the id (uuid) of a ${kind!.title}, not "${toLabel(String(internal))}".`,
          'Nothing was sent.',
        );
      return [value].flat().map((id) => ({ parameter: name, id: String(id), kind, rank: 'own' }));
    }
    return parameter.type === 'map' ? inEntries(name, value, entries) : [];
  });
};

/**
 * What a call acts on: everything it names but where a thing is put and what it is made from. What destroys and names
 * nothing else acts on that.
 */
export const actedOn = ({ command, risk }: Tool, named: readonly Named[]): readonly Named[] => {
  const { beside } = loadData<References>('references.json');
  const things = named.filter(
    ({ kind, parameter, rank }) =>
      !beside.includes(parameter) && (rank !== 'given' || !isOnlyUsed(command, kind?.name ?? '')),
  );
  return things.length || risk.risk !== 'destroy' ? things : named;
};

/**
 * What of it a call changes first of all: what it names by `id`, else what CloudStack says that it is about, else what comes
 * first.
 */
export const mainOf = <T extends Pick<Named, 'kind' | 'parameter' | 'rank'>>(
  command: Command,
  acted: readonly T[],
): readonly T[] => {
  const first =
    acted.find(({ rank }) => rank === 'own') ??
    acted.find(({ kind }) => kind && isAbout(command, kind.name)) ??
    acted.find(({ rank }) => rank === 'required') ??
    acted[0];
  return acted.filter(
    ({ parameter, rank }) => rank === first?.rank && (rank === 'own' || parameter === first.parameter),
  );
};
