import { loadData } from '../../data.ts';
import { derivedId } from '../rules/derived.ts';
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

/** What a fresh CloudStack has, as data/installation.json says: names, values and flags. */
export interface Installation {
  settings: InstalledSetting[];
  /** Names by category. */
  guestOsTypes: Record<string, string[]>;
  /** Beside those of the seed: offerings of network plug-ins. */
  networkOfferings: Fields[];
  vpcOfferings: Fields[];
  /** What a role may call beside the commands that were made for its type, by the role's name. */
  roleRules: Record<string, string[]>;
  counters: Fields[];
  extensions: Fields[];
  hypervisorCapabilities: Fields[];
  alertTypes: [number: number, name: string][];
  deploymentPlanners: string[];
  eventTypes: string[];
}

/** The content of data/installation.json. */
export const loadInstallation = (): Installation => loadData<Installation>('installation.json');

const typeOfValue = (value: string | undefined): string => {
  if (value === 'true' || value === 'false') return 'Boolean';
  return value !== undefined && /^-?\d+(?:\.\d+)?$/.test(value) ? 'Number' : 'String';
};

const installSettings = (world: World): void => {
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
        { id: derivedId('Configuration', name), hidden: { scopes: scopes ?? [] } },
      );
  }
};

const installGuestOsTypes = (world: World): void => {
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
        world.insert(
          'GuestOS',
          { name, description: name, oscategoryid, isuserdefined: false },
          { id: derivedId('GuestOS', name) },
        );
  }
};

const installRoleRules = (world: World): void => {
  for (const [name, rules] of Object.entries(loadInstallation().roleRules)) {
    const role = world.all('Role').find(({ fields }) => fields['name'] === name);
    for (const rule of role ? rules : [])
      insertKind(
        world,
        'RolePermission',
        { roleid: role?.id, rule, permission: 'allow' },
        { id: derivedId('RolePermission', name, rule) },
      );
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
