import { expect } from 'vitest';
import type { Simulator } from '../../src/simulator/index.ts';
import { recordsOf } from '../../src/simulator/world/state.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { createTestClock } from './clock.ts';
import { keeps } from './promise.ts';
import { finish, rows, send } from './sign.ts';

const idOf = async (
  simulator: Simulator,
  command: string,
  name: string,
  params: Record<string, string> = {},
): Promise<string> => {
  const found = (await rows(simulator, command, { listall: 'true', ...params })).find((row) => row['name'] === name);
  return String(found?.['id']);
};

const deployParams = async (simulator: Simulator): Promise<Record<string, string>> => ({
  zoneid: await idOf(simulator, 'listZones', 'Frankfurt'),
  templateid: await idOf(simulator, 'listTemplates', 'Ubuntu 24.04 LTS', { templatefilter: 'featured' }),
  serviceofferingid: await idOf(simulator, 'listServiceOfferings', 'Small Instance'),
  networkids: await idOf(simulator, 'listNetworks', 'ops-net'),
});

const stateOf = async (simulator: Simulator, id: string): Promise<unknown> =>
  (await rows(simulator, 'listVirtualMachines', { id }))[0]?.['state'];

keeps('job', async () => {
  const clock = createTestClock();
  const simulator = createSimulator({ clock, jobMillis: 1000 });
  const stub = await send(simulator, 'deployVirtualMachine', { ...(await deployParams(simulator)), name: 'job-vm' });
  expect(Object.keys(stub.body).sort()).toEqual(['id', 'jobid']);
  const { id, jobid } = stub.body as { id: string; jobid: string };
  expect(await stateOf(simulator, id)).toBe('Starting');
  expect((await rows(simulator, 'listVirtualMachines', { id }))[0]).toMatchObject({ jobid, jobstatus: 0 });
  const pending = await send(simulator, 'queryAsyncJobResult', { jobid });
  expect(pending.body).toMatchObject({
    jobstatus: 0,
    jobprocstatus: 0,
    jobresultcode: 0,
    jobinstancetype: 'VirtualMachine',
    jobinstanceid: id,
    jobid,
  });
  expect(pending.body['jobresult']).toBeUndefined();
  clock.pass(1000);
  const done = await send(simulator, 'queryAsyncJobResult', { jobid });
  expect(done.body).toMatchObject({
    jobstatus: 1,
    jobresultcode: 0,
    jobresulttype: 'object',
    jobresult: { virtualmachine: { id, state: 'Running' } },
  });
  expect(done.body['jobresult'].virtualmachine.password).toMatch(/^\S+$/);
  const unknown = await send(simulator, 'queryAsyncJobResult', { jobid: '7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11' });
  expect([unknown.status, unknown.body['errortext']]).toEqual([
    431,
    expect.stringContaining('Invalid parameter jobid value=7f8c2c1e'),
  ]);
});

keeps('vm-states', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const made = await finish(simulator, 'deployVirtualMachine', { ...(await deployParams(simulator)), name: 'life' });
  const id = String(made.body['jobresult'].virtualmachine.id);
  const act = async (command: string, params: Record<string, string> = {}) =>
    (await finish(simulator, command, { id, ...params })).body;
  expect(await act('startVirtualMachine')).toMatchObject({
    jobstatus: 2,
    jobresultcode: 431,
    jobresult: { errorcode: 431, errortext: `The virtual machine ${id} (life) is already running` },
  });
  expect(await act('stopVirtualMachine')).toMatchObject({ jobstatus: 1 });
  expect(await stateOf(simulator, id)).toBe('Stopped');
  expect(await act('rebootVirtualMachine')).toMatchObject({ jobstatus: 2, jobresult: { errorcode: 431 } });
  expect(await act('expungeVirtualMachine')).toMatchObject({
    jobstatus: 2,
    jobresult: { errorcode: 530, errortext: 'Please destroy vm with specified vmId before expunge' },
  });
  expect(await act('recoverVirtualMachine')).toMatchObject({
    errorcode: 431,
    cserrorcode: 4350,
    errortext: `Vm with id ${id} is not in the right state`,
  });
  expect(await act('destroyVirtualMachine')).toMatchObject({ jobstatus: 1 });
  expect(await act('startVirtualMachine')).toMatchObject({
    jobstatus: 2,
    jobresult: { errorcode: 530, errortext: expect.stringContaining('in Destroyed state') },
  });
  expect(await act('recoverVirtualMachine')).toMatchObject({ virtualmachine: { state: 'Stopped' } });
  expect(await act('destroyVirtualMachine', { expunge: 'true' })).toMatchObject({ jobstatus: 1 });
  expect((await send(simulator, 'listVirtualMachines', { id })).body).toEqual({});
  expect(await act('startVirtualMachine')).toMatchObject({
    errorcode: 431,
    cserrorcode: 4350,
    errortext: expect.stringMatching(/^unable to find a virtual machine with id \d+$/),
  });
});

keeps('vm-expunge-delay', async () => {
  const clock = createTestClock();
  const simulator = createSimulator({ clock, jobMillis: 0 });
  const id = await idOf(simulator, 'listVirtualMachines', 'jump-host');
  await finish(simulator, 'destroyVirtualMachine', { id });
  expect(await stateOf(simulator, id)).toBe('Destroyed');
  clock.pass(43_200_000);
  // A management server that starts again counts from when the machine was destroyed.
  const restarted = createSimulator({ clock, jobMillis: 0, world: recordsOf(simulator.world) });
  expect(await stateOf(restarted, id)).toBe('Destroyed');
  clock.pass(43_201_000);
  expect(await stateOf(simulator, id)).toBeUndefined();
  expect(await stateOf(restarted, id)).toBeUndefined();
});

keeps('vm-names', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const params = await deployParams(simulator);
  const again = await send(simulator, 'deployVirtualMachine', { ...params, name: 'jump-host' });
  expect([again.status, again.body['errortext']]).toEqual([
    431,
    expect.stringContaining('The vm with hostName jump-host already exists in the network domain: '),
  ]);
  const [vm] = await rows(simulator, 'listVirtualMachines', {
    id: await idOf(simulator, 'listVirtualMachines', 'web-1'),
  });
  expect(vm?.['instancename']).toMatch(/^i-\d+-\d+-VM$/);
});

keeps('vm-capacity', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const custom = await idOf(simulator, 'listServiceOfferings', 'Custom Instance');
  const params = { ...(await deployParams(simulator)), serviceofferingid: custom };
  const missing = await send(simulator, 'deployVirtualMachine', params);
  expect(missing.body['errortext']).toBe(
    'Need to specify custom parameter values cpu, cpu speed and memory when using custom offering',
  );
  const huge = await finish(simulator, 'deployVirtualMachine', {
    ...params,
    name: 'huge',
    'details[0].cpuNumber': '64',
    'details[0].cpuSpeed': '1000',
    'details[0].memory': '999999',
  });
  expect(huge.body).toMatchObject({ jobstatus: 2, jobresultcode: 533 });
  expect((await rows(simulator, 'listVirtualMachines', { name: 'huge' }))[0]?.['state']).toBe('Error');
});

keeps('vm-protection', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const id = await idOf(simulator, 'listVirtualMachines', 'db-1');
  expect((await finish(simulator, 'destroyVirtualMachine', { id })).body).toMatchObject({
    jobstatus: 2,
    jobresultcode: 431,
    jobresult: { errortext: expect.stringContaining('has delete protection enabled') },
  });
});

keeps('volumes', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const zoneid = await idOf(simulator, 'listZones', 'Frankfurt');
  const diskofferingid = await idOf(simulator, 'listDiskOfferings', 'Small');
  const virtualmachineid = await idOf(simulator, 'listVirtualMachines', 'jump-host');
  expect((await send(simulator, 'createVolume', { zoneid })).body['errortext']).toBe(
    'At least one of disk Offering ID or snapshot ID must be passed whilst creating volume',
  );
  const made = await finish(simulator, 'createVolume', { zoneid, diskofferingid, name: 'blank' });
  const { id, state } = made.body['jobresult'].volume;
  expect(state).toBe('Allocated');
  expect((await send(simulator, 'createSnapshot', { volumeid: id })).body['errortext']).toContain(
    'is not in Ready state but Allocated',
  );
  expect((await finish(simulator, 'attachVolume', { id, virtualmachineid })).body['jobresult'].volume).toMatchObject({
    state: 'Ready',
    deviceid: 1,
    vmname: 'jump-host',
  });
  expect((await finish(simulator, 'attachVolume', { id, virtualmachineid })).body['jobresult'].errortext).toBe(
    'Please specify a volume that is not attached to any VM.',
  );
  expect((await send(simulator, 'deleteVolume', { id })).status).toBe(431);
  expect((await finish(simulator, 'resizeVolume', { id, size: '1' })).body['jobresultcode']).toBe(431);
  expect((await finish(simulator, 'detachVolume', { id })).body['jobresult'].volume.virtualmachineid).toBeUndefined();
  expect((await send(simulator, 'deleteVolume', { id })).body).toEqual({ success: true });
  expect((await send(simulator, 'listVolumes', { id })).body).toEqual({});
});

keeps('template-download', async () => {
  const clock = createTestClock();
  const simulator = createSimulator({ clock });
  const ostypeid = String((await rows(simulator, 'listOsTypes'))[0]?.['id']);
  const zoneid = await idOf(simulator, 'listZones', 'Frankfurt');
  const params = {
    name: 'mine',
    format: 'QCOW2',
    hypervisor: 'Simulator',
    ostypeid,
    zoneid,
    url: 'https://images.example.com/mine.qcow2',
  };
  const { body } = await send(simulator, 'registerTemplate', params);
  const [{ id }] = body['template'];
  expect(body['template'][0]).toMatchObject({ isready: false, status: 'Processing', zoneid });
  const look = async () => (await rows(simulator, 'listTemplates', { templatefilter: 'self', id }))[0];
  clock.pass(500);
  expect(await look()).toMatchObject({ isready: false, status: '25% Downloaded' });
  clock.pass(5000);
  expect(await look()).toMatchObject({ isready: true, status: 'Download Complete' });
  expect(
    (await rows(simulator, 'listTemplates', { templatefilter: 'featured', name: 'Ubuntu 24.04 LTS' })).length,
  ).toBe(2);
  expect(
    (
      await rows(simulator, 'listTemplates', {
        templatefilter: 'featured',
        name: 'Ubuntu 24.04 LTS',
        showunique: 'true',
      })
    ).length,
  ).toBe(1);
});
