import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHost, startCloud, startFake, type Cloud } from '../support/harness.ts';
import { expectCancelEndsLooks, startEndlessJobs } from '../support/endless-jobs.ts';
import { createTestClock } from '../simulator/clock.ts';

let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud({ jobMillis: 60 });
});
afterEach(() => cloud.close());

const deploy = {
  tool: 'deploy-virtual-machine',
  arguments: {
    name: 'job-vm',
    zoneid: 'Frankfurt',
    serviceofferingid: 'Small Instance',
    templateid: 'Ubuntu 24.04 LTS',
  },
};

test.each(['old', 'new'] as const)('%s era: a deploy reports progress, then the virtual machine', async (protocol) => {
  // The job is done when its progress has been seen.
  const clock = createTestClock(Date.now());
  const timed = await startCloud({ jobMillis: 60, clock });
  const seen: string[] = [];
  const onprogress = (message: string): void => {
    seen.push(message);
    clock.pass(60);
  };
  const host = await openHost({ env: timed.env, protocol, onprogress });
  const { structured, text, isError } = await host.call('change', deploy);
  expect(isError, text).toBeUndefined();
  expect(structured['job']).toMatchObject({ status: 'succeeded' });
  expect(structured['item']).toMatchObject({ name: 'job-vm', state: 'Running' });
  expect(seen.length).toBeGreaterThan(0);
  expect(seen[0]).toContain('deployVirtualMachine');
  expect(text).toContain('zoneid: Frankfurt is ');
  await host.close();
  await timed.close();
});

test('a job that goes on is handed out as pending, never as done, and can be waited for', async () => {
  const host = await openHost({ env: cloud.env });
  const started = await host.call('change', { ...deploy, wait: 0 });
  const job = started.structured['job'] as { id: string; status: string };
  expect(job.status).toBe('pending');
  expect(started.text).toContain('not done yet');
  expect(started.structured['item']).toEqual({ id: expect.any(String) as string });
  const ended = await host.call('wait-for-job', { job: job.id });
  expect(ended.structured).toMatchObject({ job: { id: job.id, status: 'succeeded' }, item: { state: 'Running' } });
  const { audit } = await host.close();
  expect(audit.map(({ command, result }) => [command, result])).toEqual([
    ['deployVirtualMachine', 'accepted'],
    ['queryAsyncJobResult', 'done'],
  ]);
});

test('a failed job is an error with its own text', async () => {
  const host = await openHost({ env: cloud.env });
  await host.call('change', deploy);
  const again = await host.call('change', { tool: 'startVirtualMachine', arguments: { id: 'job-vm' } });
  expect(again.isError).toBe(true);
  expect(again.text).toContain('is already running');
  expect((again.structured['error'] as { job: string }).job).toMatch(/^[0-9a-f-]{36}$/);
  await host.close();
});

const machines = JSON.stringify({
  listvirtualmachinesresponse: { count: 1, virtualmachine: [{ id: '00000000-0000-4000-8000-000000000001' }] },
});

test('a cancelled call stops looking; the job goes on and the audit says so', async () => {
  const jobs = await startEndlessJobs();
  const host = await openHost({ env: jobs.env });
  await expectCancelEndsLooks(jobs, host);
  await host.close();
  await jobs.close();
});

test('a job whose state cannot be read is of unknown outcome, with the job to look at', async () => {
  const fake = await startFake((command, response) =>
    command === 'queryAsyncJobResult'
      ? response.writeHead(503).end('down')
      : command.startsWith('list')
        ? response.end(machines)
        : response.end('{"startvirtualmachineresponse":{"jobid":"j1"}}'),
  );
  const host = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  const result = await host.call('change', {
    tool: 'startVirtualMachine',
    arguments: { id: '00000000-0000-4000-8000-000000000001' },
  });
  expect(result.structured['error']).toMatchObject({ kind: 'unknown-outcome', job: 'j1' });
  expect(fake.counts.get('startVirtualMachine')).toBe(1);
  await host.close();
  await fake.close();
});

test('part 4.12: a read waits for what has no job until a row fits, and says so; one that never fits ends with its time', async () => {
  let looks = 0;
  const fake = await startFake((command, response) => {
    const template = {
      id: '00000000-0000-4000-8000-000000000001',
      name: 'img',
      isready: command === 'listTemplates' && ++looks > 1,
    };
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: { count: 1, template: [template] } }));
  });
  const host = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  const read = (where: string | undefined, wait: number) =>
    host.call('read', { tool: 'list-templates', arguments: { templatefilter: 'self' }, where, wait });
  const ready = await read('isready = true', 40);
  expect(ready.structured).toMatchObject({
    returned: 1,
    notes: [expect.stringMatching(/^A row matches after \d+ s\.$/)],
  });
  expect(looks).toBe(2);
  const never = await read('isready = false', 1);
  expect(never.structured).toMatchObject({ returned: 0 });
  expect(never.text).toContain('No row matches yet, after 1 s. Make the same call to wait longer.');
  looks = 0;
  expect((await read(undefined, 5)).structured['error']).toMatchObject({ kind: 'invalid' });
  expect(looks).toBe(0);
  const { tools } = await host.client.listTools();
  for (const name of ['read', 'change'])
    expect(tools.find((tool) => tool.name === name)!.inputSchema.properties!['wait']).toHaveProperty(
      'description',
      expect.stringContaining('at most 45'),
    );
  await host.close();
  await fake.close();
});

test('R9: a job that a restart of the management server ended is called interrupted, with what to look at', async () => {
  const [id, job] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const fake = await startFake((command, response) => {
    const body =
      command === 'queryAsyncJobResult'
        ? {
            jobid: job,
            jobstatus: 2,
            jobresultcode: 530,
            cmd: 'org.apache.cloudstack.api.command.admin.vm.DeployVMCmdByAdmin',
            jobinstancetype: 'VirtualMachine',
            jobinstanceid: id,
          }
        : command.startsWith('list')
          ? { count: 1, virtualmachine: [{ id }] }
          : { jobid: job };
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
  const host = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  for (const { text, structured } of [
    await host.call('wait-for-job', { job }),
    await host.call('change', { tool: 'start-virtual-machine', arguments: { id } }),
  ]) {
    expect(structured['error']).toMatchObject({ kind: 'unknown-outcome', job });
    expect(text).toContain('DeployVM was interrupted and left no result');
    expect(text).toContain(id);
    expect(text).not.toMatch(/without a text|tried and failed/);
  }
  await host.close();
  await fake.close();
});
