import { expungeInTime } from './rules/machines.ts';
import type { Fields, Resource } from './world/types.ts';
import { scheduleShutdown } from './rules/networks.ts';
import type { World } from './world/world.ts';

/** States that only a running job leads out of, and what a management server that starts again makes of them. */
const settledStates: Record<string, Record<string, string>> = {
  UserVm: { Starting: 'Stopped', Stopping: 'Stopped', Migrating: 'Running', Restoring: 'Stopped' },
  Volume: { Migrating: 'Ready', Snapshotting: 'Ready', Resizing: 'Ready', UploadOp: 'Uploaded' },
  Snapshot: { Allocated: 'Error', BackingUp: 'Error', Creating: 'Error' },
  VMSnapshot: { Creating: 'Error', Reverting: 'Ready' },
  Host: { Connecting: 'Up' },
  StoragePool: { PrepareForMaintenance: 'Maintenance' },
  IPAddress: { Allocating: 'Allocated' },
  KubernetesCluster: {
    Starting: 'Running',
    Stopping: 'Stopped',
    Scaling: 'Running',
    Upgrading: 'Running',
    Destroying: 'Error',
  },
  PrivateGateway: { Creating: 'Ready' },
  Firewall: { Staged: 'Active' },
  PortForwardingRule: { Staged: 'Active' },
  EgressFirewall: { Staged: 'Active' },
  NetworkACLItem: { Staged: 'Active' },
  SharedFS: { Allocated: 'Ready', Starting: 'Ready', Stopping: 'Stopped' },
};

const settle = (world: World, row: Resource): void => {
  const state = settledStates[row.kind]?.[String(row.fields['state'])];
  if (state !== undefined) world.update(row, { state });
  if (row.fields['state'] === 'Deleting') world.remove(row);
  if (row.kind === 'Host' && row.fields['resourcestate'] === 'PrepareForMaintenance')
    world.update(row, { resourcestate: 'ErrorInPrepareForMaintenance' });
  if (row.kind === 'Template' && row.fields['isready'] === false)
    world.update(row, { isready: true, status: 'Download Complete' });
};

/** Picks a loaded world up where it was left: jobs under way are lost, what was waiting for its time waits again. */
export const restore = (world: World): void => {
  const lost: Fields = { errorcode: 530, errortext: 'job cancelled because of management server restart or shutdown' };
  for (const job of world.all('AsyncJob'))
    if (job.fields['jobstatus'] === 0)
      world.update(job, {
        jobstatus: 2,
        jobresultcode: 530,
        jobresulttype: 'object',
        jobresult: lost,
        completed: world.now(),
      });
  for (const table of [...world.tables.values()]) for (const row of [...table.live()]) settle(world, row);
  for (const vm of [...world.all('UserVm')]) if (vm.fields['state'] === 'Destroyed') expungeInTime(world, vm);
  for (const network of world.all('Network')) scheduleShutdown(world, network);
};
