import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Fields } from '../../src/simulator/world/types.ts';
import { finish } from '../simulator/sign.ts';
import { openHost, startCloud } from '../support/harness.ts';

type Params = Record<string, string>;

/** A fault in the simulator's cloud, and what one diagnosis must say of it. */
export interface Fault {
  kind: string;
  question: string;
  /** What the verdict must say. */
  cause: RegExp;
  /** What the findings must say besides, of a second fault. */
  also?: RegExp;
  /** Causes it; gives what is asked about. */
  make: () => Promise<string> | string;
}

const reads = new Set(
  loadCatalog()
    .tools.filter(({ risk }) => risk.risk === 'read')
    .map(({ command }) => command.name),
);

const maxTokens = 1500;
const maxRequests = 25;

/** A simulator to break, and a host that asks what is wrong. */
export const openDiagnosis = async () => {
  const cloud = await startCloud();
  const host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'false' } });
  // The account and what the cloud offers are read once for each server.
  await host.call('read', { tool: 'list-zones' });

  const idOf = (kind: string, field: string, value: unknown): string => {
    const found = cloud.simulator.world.all(kind).find(({ fields }) => fields[field] === value);
    if (!found) throw new Error(`no ${kind} whose ${field} is ${String(value)}`);
    return found.id;
  };
  return {
    cloud,
    host,
    idOf,
    /** Runs a command to its end and gives the id of what it made; fails if it is refused. */
    did: async (command: string, params: Params): Promise<string> => {
      const { status, body } = await finish(cloud.simulator, command, params);
      const result = (body['jobresult'] ?? body) as Record<string, unknown>;
      if (status !== 200 || result['errorcode'] !== undefined)
        throw new Error(`${command}: ${status} ${String(result['errortext'])}`);
      const [made] = Object.values(result);
      return String((made as { id?: unknown } | undefined)?.id ?? '');
    },
    /** Tries what the fault prevents, and fails if it is not prevented. */
    refused: async (command: string, params: Params): Promise<void> => {
      const { status, body } = await finish(cloud.simulator, command, params);
      if (status === 200 && body['jobstatus'] !== 2) throw new Error(`${command} was not refused`);
    },
    named: (kind: string, name: string): string => idOf(kind, 'name', name),
    idsOf: (kind: string, field: string, value: unknown): string[] =>
      cloud.simulator.world
        .all(kind)
        .filter(({ fields }) => fields[field] === value)
        .map(({ id }) => id),
    /** Changes what no call of the API can. */
    set: (id: string, fields: Fields): void => cloud.simulator.world.update(cloud.simulator.world.get(id)!, fields),
    /** Asks once, and checks what is kept whatever the answer. */
    diagnosed: async (kind: string, id: string, question: string) => {
      cloud.calls.length = 0;
      const { text, structured, isError } = await host.call('diagnose', { kind, id, question });
      expect(isError, text).toBeUndefined();
      expect(encode(text).length, text).toBeLessThanOrEqual(maxTokens);
      expect(cloud.calls.length, text).toBeLessThanOrEqual(maxRequests);
      expect(cloud.calls.map(({ command }) => command).filter((command) => !reads.has(command))).toEqual([]);
      const findings = structured['findings'] as { cause: string; evidence: { source: string }[] }[];
      // Each cause has its evidence, and says where it was seen.
      for (const { evidence } of findings) expect(evidence.length, text).toBeGreaterThan(0);
      return { text, verdict: String(structured['verdict']), findings };
    },
    close: async () => {
      await host.close();
      await cloud.close();
    },
  };
};

/** A simulator to break, with everything to break it by. */
export type Diagnosis = Awaited<ReturnType<typeof openDiagnosis>>;

/** What the faults of a file say in short, of the diagnosis that is open when they are made. */
export const shortcuts = (here: () => Diagnosis) => {
  const idOf: Diagnosis['idOf'] = (kind, field, value) => here().idOf(kind, field, value);
  const named = (kind: string, name: string): string => idOf(kind, 'name', name);
  const zone = (): string => named('Zone', 'Frankfurt');
  return {
    idOf,
    idsOf: ((kind, field, value) => here().idsOf(kind, field, value)) as Diagnosis['idsOf'],
    did: ((command, params) => here().did(command, params)) as Diagnosis['did'],
    named,
    zone,
    vm: (name: string): string => named('UserVm', name),
    networkOf: (name: string): string => named('Network', name),
    systemVm: (systemvmtype: string): string =>
      here()
        .cloud.simulator.world.all('SystemVm')
        .find(({ fields }) => fields['systemvmtype'] === systemvmtype && fields['zoneid'] === zone())!.id,
  };
};
