import type { Command } from '../../catalog/types.ts';
import { loadData } from '../../data.ts';
import { derivedId } from '../rules/derived.ts';
import { loadCatalog } from '../world/catalog.ts';
import { insertKind } from '../world/insert.ts';
import { findSetting } from '../world/settings.ts';
import type { Fields } from '../world/types.ts';
import type { World } from '../world/world.ts';

interface InstalledSetting {
  name: string;
  default?: string;
  category: string;
  group: string;
  subgroup: string;
  /** Kinds of resource for which it can be set, where that is not the whole cloud only. */
  scopes?: string[];
  dynamic: boolean;
  /** The first release that has it. */
  since?: string;
}

/**
 * The rules of a role. The oldest were written command by command when roles came (create-default-role-api-mappings.sql of
 * CloudStack), so that those of a type are the commands that the first release of the catalog opens to it. `-` denies.
 */
interface RoleRules {
  /** The role whose rules it has, too: those that allow, without the later ones. */
  copies?: string;
  /** The type whose commands have a rule each. */
  type?: string;
  /** Which of these it has, in this order, by how they begin; and which it does not have. */
  only?: string[];
  without?: string;
  /** Rules among these whose commands are gone. */
  also?: string[];
  rules?: string[];
  /** What upgrades added. */
  later?: string[];
}

/** What a fresh CloudStack has, as data/installation.json says: names, values and flags. */
export interface Installation {
  settings: InstalledSetting[];
  /** Names by category. */
  guestOsTypes: Record<string, string[]>;
  /** Beside those of the seed: offerings of network plug-ins. */
  networkOfferings: Fields[];
  vpcOfferings: Fields[];
  /** Rules by the name of the role that CloudStack made them for. */
  roleRules: Record<string, RoleRules>;
  /** Commands that were there when the rules were written, and have none: they are open to the types they were made for. */
  ruleless: string[];
  counters: Fields[];
  extensions: Fields[];
  hypervisorCapabilities: Fields[];
  alertTypes: [number: number, name: string][];
  deploymentPlanners: string[];
  eventTypes: string[];
}

/** The content of data/installation.json. */
export const loadInstallation = (): Installation => loadData<Installation>('installation.json');

/** Ids for rows of an installation, in order: the same in every cloud. */
const installedIds = (...words: string[]): (() => string) => {
  const start = derivedId(...words).slice(0, -4);
  let next = 0x1000;
  return () => start + (next++).toString(16);
};

const typeOfValue = (value: string | undefined): string => {
  if (value === 'true' || value === 'false') return 'Boolean';
  return value !== undefined && /^-?\d+(?:\.\d+)?$/.test(value) ? 'Number' : 'String';
};

const installSettings = (world: World): void => {
  const id = installedIds('Configuration');
  for (const { name, default: value, scopes, dynamic, since, ...place } of loadInstallation().settings) {
    if (since !== undefined && !world.catalog.reaches(since)) continue;
    const present = findSetting(world, name);
    if (present) {
      world.update(present, { ...place, isdynamic: dynamic });
      world.hide(present, { scopes: scopes ?? [] });
    } else
      world.insert(
        'Configuration',
        {
          name,
          value,
          defaultvalue: value,
          component: place.group,
          isdynamic: dynamic,
          type: typeOfValue(value),
          ...place,
        },
        { id: id(), hidden: { scopes: scopes ?? [] } },
      );
  }
};

const installGuestOsTypes = (world: World): void => {
  const id = installedIds('GuestOS');
  const known = new Set(world.all('GuestOS').map(({ fields }) => fields['description']));
  for (const [category, names] of Object.entries(loadInstallation().guestOsTypes)) {
    const present = world.all('GuestOSCategory').find(({ fields }) => fields['name'] === category);
    const oscategoryid =
      present?.id ??
      world.insert(
        'GuestOSCategory',
        { name: category, isfeatured: true },
        { id: derivedId('GuestOSCategory', category) },
      ).id;
    for (const name of names)
      if (!known.has(name))
        world.insert('GuestOS', { name, description: name, oscategoryid, isuserdefined: false }, { id: id() });
  }
};

/** The first release of the catalog, which came soon after the rules. */
const firstRelease = '4.11.0';

/** The rules with which a role was made, without what upgrades added; `oldest` are the commands that had any. */
const firstRules = (
  oldest: readonly Command[],
  roles: Installation['roleRules'],
  { copies, type, only = [''], without, also = [], rules = [] }: RoleRules,
): string[] => {
  const copied = copies === undefined ? [] : firstRules(oldest, roles, roles[copies] ?? {});
  const own = type === undefined ? [] : oldest.flatMap((each) => (each.roles?.includes(type) ? [each.name] : []));
  own.push(...also);
  own.sort();
  return [
    ...copied.filter((rule) => !rule.startsWith('-')),
    ...only.flatMap((start) =>
      own.filter((name) => name.startsWith(start) && (without === undefined || !name.startsWith(without))),
    ),
    ...rules,
  ];
};

const installRoleRules = (world: World): void => {
  const { roleRules, ruleless } = loadInstallation();
  const oldest = [...loadCatalog().commands.values()].filter(
    ({ name, releases }) => releases.startsWith(firstRelease) && !ruleless.includes(name),
  );
  for (const role of world.all('Role')) {
    const name = String(role.fields['name']);
    const own = roleRules[name] ?? {};
    const id = installedIds('RolePermission', name);
    for (const signed of [...firstRules(oldest, roleRules, own), ...(own.later ?? [])]) {
      const denied = signed.startsWith('-');
      world.insert(
        'RolePermission',
        { roleid: role.id, rule: denied ? signed.slice(1) : signed, permission: denied ? 'deny' : 'allow' },
        { id: id() },
      );
    }
  }
};

/** Adds what every installation brings to the rows of the seed. */
export const installFacts = (world: World): void => {
  installSettings(world);
  installGuestOsTypes(world);
  installRoleRules(world);
  const { networkOfferings, vpcOfferings, counters, extensions, hypervisorCapabilities } = loadInstallation();
  for (const [kind, rows] of Object.entries({
    NetworkOffering: networkOfferings,
    VpcOffering: vpcOfferings,
    Counter: counters,
    Extension: extensions,
    HypervisorCapabilities: hypervisorCapabilities,
  }))
    for (const row of rows) insertKind(world, kind, row, { id: derivedId(kind, JSON.stringify(row)) });
};
