import * as z from 'zod';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { callSettings } from '../../src/config/call.ts';
import { approve, type ApproveDependencies } from '../../src/guard/approve.ts';
import { confine } from '../../src/guard/confine.ts';
import { permit } from '../../src/guard/permit.ts';
import { createPolicy } from '../../src/guard/policy.ts';
import { createAccess } from '../../src/guard/roles.ts';
import { createDirectory } from '../../src/resolve/directory.ts';
import { resolveNames } from '../../src/resolve/resolve.ts';
import { createResources } from '../../src/resolve/resources.ts';
import type { CallRequest } from '../../src/types.ts';
import { validate } from '../../src/validate/validate.ts';
import { median } from './process.ts';

const request: CallRequest = {
  tool: 'listVirtualMachines',
  args: { listall: true },
  view: {},
  wait: 0,
  caller: { principal: 'local', host: 'bench', profile: 'default' },
  consent: () => Promise.resolve(undefined),
  signal: new AbortController().signal,
};

/** Milliseconds of CPU that the guard takes for one plain read: by role and policy, with rules and limits that do not match. */
export const guardPerCall = async (): Promise<number> => {
  const rules = ['delete*', 'destroy*', 'stop*', '*Zone*'].map((command) => ({
    name: command,
    match: { command: [command] },
    action: 'block' as const,
  }));
  const limits = [{ name: 'few', match: {}, changes: 10, per: 60 }];
  const protect = { key: 'protected', value: 'true' };
  const policy = createPolicy(
    { preset: 'operator', actions: {}, rules, limits, protect, fourEyes: false, passkey: [] },
    false,
  );
  const access = createAccess({}, { profile: 'default', principals: { local: { role: 'operator' } } });
  const valid = validate(loadCatalog(), request, z.object(callSettings).parse({}));
  // A plain read touches none of what a change needs.
  const deps = { policy } as ApproveDependencies;
  const directory = createDirectory(loadCatalog(), () => Promise.resolve([]));
  const now = () => directory;
  const resources = {
    ...createResources({ now, recent: now }),
    roleType: () => Promise.resolve('Admin' as const),
    hasBegun: () => Promise.resolve(false),
  };
  const resolved = await resolveNames({ now, recent: now }, permit(policy, access, valid));
  const origin = { host: 'cloud', identity: () => Promise.resolve('cloud') };
  const once = async () => {
    permit(policy, access, valid);
    return approve(deps, await confine(undefined, resolved, resources), {
      resources,
      origin,
      onQuestion: () => undefined,
    });
  };
  const round = async (count: number): Promise<number> => {
    const begun = process.cpuUsage();
    for (let n = 0; n < count; n++) await once();
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000 / count;
  };
  await round(20_000);
  const taken: number[] = [];
  for (let n = 0; n < 9; n++) taken.push(await round(20_000));
  return median(taken);
};
