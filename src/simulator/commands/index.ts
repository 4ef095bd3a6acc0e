import { listApis } from '../engine/discovery.ts';
import type { Behaviour } from '../world/types.ts';
import { accounts } from './accounts.ts';
import { bookkeeping } from './bookkeeping.ts';
import { deployBehaviours } from './deploy.ts';
import { domains } from './domains.ts';
import { hosts } from './hosts.ts';
import { loadBalancing } from './load-balancing.ts';
import { machineChange } from './machine-change.ts';
import { machineLife } from './machine-life.ts';
import { networks } from './networks.ts';
import { nics } from './nics.ts';
import { projects } from './projects.ts';
import { publicAddresses } from './public-addresses.ts';
import { roles } from './roles.ts';
import { rules } from './rules.ts';
import { securityGroups } from './security-groups.ts';
import { snapshots } from './snapshots.ts';
import { storage } from './storage.ts';
import { systemVms } from './system-vms.ts';
import { tags } from './tags.ts';
import { templates } from './templates.ts';
import { volumes } from './volumes.ts';
import { autoscale } from './autoscale.ts';
import { availability } from './availability.ts';
import { backups } from './backups.ts';
import { dedication } from './dedication.ts';
import { directories } from './directories.ts';
import { fileServices } from './file-services.ts';
import { keys } from './keys.ts';
import { kubernetes } from './kubernetes.ts';
import { metering } from './metering.ts';
import { offerings } from './offerings.ts';
import { vpcs } from './vpcs.ts';
import { vpn } from './vpn.ts';
import { machineList } from './machine-list.ts';
import { zones } from './zones.ts';
import { users } from './users.ts';
import { resourceLimits } from './resource-limits.ts';
import { notices } from './notices.ts';
import { machineImport } from './machine-import.ts';
import { certificates } from './certificates.ts';
import { hostAdd } from './host-add.ts';
import { capacity } from './capacity.ts';
import { quota } from './quota.ts';
import { projectMembers } from './project-members.ts';
import { portRules } from './port-rules.ts';
import { imageStores } from './image-stores.ts';
import { annotations } from './annotations.ts';
import { templateSharing } from './template-sharing.ts';
import { transfers } from './transfers.ts';
import { volumeRemoval } from './volume-removal.ts';
import { networkAcls } from './network-acls.ts';
import { physicalNetworks } from './physical-networks.ts';
import { addressRanges } from './address-ranges.ts';
import { volumeIntake } from './volume-intake.ts';
import { templateMaking } from './template-making.ts';
import { peopleElsewhere } from './people.ts';

/** What commands do that is more than their name says; the rest is generic. */
export const behaviours: Record<string, Behaviour> = {
  listApis,
  ...accounts,
  ...bookkeeping,
  ...deployBehaviours,
  ...domains,
  ...hosts,
  ...loadBalancing,
  ...machineChange,
  ...machineLife,
  ...networks,
  ...nics,
  ...projects,
  ...publicAddresses,
  ...roles,
  ...rules,
  ...securityGroups,
  ...snapshots,
  ...storage,
  ...systemVms,
  ...tags,
  ...templates,
  ...volumes,
  ...autoscale,
  ...availability,
  ...backups,
  ...dedication,
  ...directories,
  ...fileServices,
  ...keys,
  ...kubernetes,
  ...metering,
  ...offerings,
  ...vpcs,
  ...vpn,
  ...machineList,
  ...users,
  ...resourceLimits,
  ...notices,
  ...machineImport,
  ...certificates,
  ...hostAdd,
  ...capacity,
  ...quota,
  ...projectMembers,
  ...portRules,
  ...imageStores,
  ...annotations,
  ...templateSharing,
  ...transfers,
  ...volumeRemoval,
  ...networkAcls,
  ...physicalNetworks,
  ...addressRanges,
  ...volumeIntake,
  ...templateMaking,
  ...peopleElsewhere,
  ...zones,
};
