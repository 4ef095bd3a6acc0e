import { expect } from 'vitest';
import type { createCall } from './call-tool.ts';
import { eventually } from './eventually.ts';
import { startFake } from './harness.ts';

const id = '00000000-0000-4000-8000-000000000001';

/** A cloud in which each startVirtualMachine begins a job of its own that never ends (`j1`, `j2`, …); `looks` counts them by job. */
export const startEndlessJobs = async () => {
  let jobs = 0;
  const looks = new Map<string, number>();
  const fake = await startFake((command, response, _request, params) => {
    if (command === 'queryAsyncJobResult') {
      const job = params.get('jobid') ?? '';
      looks.set(job, (looks.get(job) ?? 0) + 1);
      response.end(`{"queryasyncjobresultresponse":{"jobstatus":0,"jobid":"${job}"}}`);
    } else if (command === 'startVirtualMachine')
      response.end(`{"startvirtualmachineresponse":{"jobid":"j${++jobs}"}}`);
    else response.end(`{"listvirtualmachinesresponse":{"count":1,"virtualmachine":[{"id":"${id}"}]}}`);
  });
  return { ...fake, env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' }, looks };
};

/** Cancels a call of a client while its job is looked at, and expects that no one looks at that job any more. */
export const expectCancelEndsLooks = async (
  { looks }: Pick<Awaited<ReturnType<typeof startEndlessJobs>>, 'looks'>,
  { call, audit }: { call: ReturnType<typeof createCall>; audit: () => unknown[] },
): Promise<void> => {
  const start = (stop: AbortController) =>
    call('change', { tool: 'startVirtualMachine', arguments: { id } }, { signal: stop.signal });
  const [first, second] = [new AbortController(), new AbortController()];
  const cancelled = start(first);
  await eventually(() => expect(looks.get('j1')).toBeGreaterThan(1));
  first.abort();
  await expect(cancelled).rejects.toThrow();
  await eventually(() => expect(audit()).toMatchObject([{ result: 'cancelled', command: 'startVirtualMachine' }]));
  // A look that was on its way has arrived when another job is looked at; then none comes while that one has many.
  const next = start(second);
  await eventually(() => expect(looks.get('j2')).toBeGreaterThan(0));
  const before = looks.get('j1');
  await eventually(() => expect(looks.get('j2')).toBeGreaterThan(5));
  expect(looks.get('j1')).toBe(before);
  second.abort();
  await expect(next).rejects.toThrow();
};
