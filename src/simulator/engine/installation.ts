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
}

/** What a fresh CloudStack has, as data/installation.json says: names, values and flags. */
export interface Installation {
  settings: InstalledSetting[];
  /** Names by category. */
  guestOsTypes: Record<string, string[]>;
  /** Beside those of the seed: offerings of network plug-ins. */
  networkOfferings: Fields[];
  vpcOfferings: Fields[];
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
  for (const { name, default: value, scopes, dynamic, ...place } of loadInstallation().settings) {
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

/** Adds what every installation brings to the rows of the seed. */
export const installFacts = (world: World): void => {
  installSettings(world);
  installGuestOsTypes(world);
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
