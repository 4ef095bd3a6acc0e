import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { kindOfParameter, takesName } from '../../src/catalog/kinds.ts';
import { isGrave } from '../../src/catalog/parameter-risks.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import type { Parameter } from '../../src/catalog/types.ts';
import { findValues } from '../../src/catalog/values.ts';
import { loadData } from '../../src/data.ts';
import { makeAny } from '../../src/simulator/world/insert.ts';
import { coverArguments } from '../support/fit.ts';
import { formatted } from '../support/formats.ts';
import { acceptAll, openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
let env: Record<string, string>;

beforeAll(async () => {
  cloud = await startCloud();
  env = { ...cloud.env, CLOUDSTACK_MCP_STATE: mkdtempSync(join(tmpdir(), 'cloudstack-every-')) };
  host = await openHost({
    env,
    flags: ['--tools', 'all'],
    human: acceptAll,
  });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
  rmSync(env['CLOUDSTACK_MCP_STATE']!, { recursive: true });
});

const { entries, byType } = loadData<{ entries: Record<string, string>; byType: Record<string, string> }>(
  'references.json',
);

/** A row of a kind with one field set so that the list of a narrower kind shows it. */
const ensureWith = (kind: string, field: string, value: string): string => {
  const { world } = cloud.simulator;
  const id = world.ensure(kind);
  world.update(world.get(id)!, { [field]: value });
  return id;
};

/** Kinds that CloudStack keeps among others. */
const special: Record<string, () => string> = {
  // The first key pair signs these calls.
  ApiKeyPair: () => makeAny(cloud.simulator.world, 'ApiKeyPair').id,
  Iso: () => ensureWith('Template', 'format', 'ISO'),
  InternalLoadBalancerVm: () => ensureWith('DomainRouter', 'role', 'INTERNAL_LB_VM'),
};

/** The first value of a parameter's closed set, or of a key's of its rows. */
const closedValue = (tool: Tool, name: string, field?: string): string | number | undefined => {
  const set = findValues(tool.command.name, name, field);
  return set === undefined || set.open ? undefined : set.values[0];
};

/** Stands for a value that is made once there is a world. */
const any = '*';

/** Calls of a tool that together give every parameter; each value is one of a closed set, or any. */
const callsOf = (tool: Tool): (readonly [Tool, Record<string, string>])[] => {
  const chosen = ({ name, type }: Parameter): string =>
    type === 'boolean' ? 'true' : String(closedValue(tool, name) ?? any);
  const all = Object.fromEntries(tool.command.params.map((parameter) => [parameter.name, chosen(parameter)]));
  const sets = coverArguments(tool.command, all, (parameter, wanted) => wanted ?? chosen(parameter));
  return (sets.length ? sets : [{}]).map((set) => [tool, set]);
};

const word = (tool: Tool, parameter: Parameter, chosen: string): string => {
  const { name } = parameter;
  if (chosen !== any) return chosen;
  // An id beside the type of what it names; each set of types begins with one of these.
  const type = byType[name] === undefined ? undefined : closedValue(tool, byType[name]);
  if (type !== undefined) return cloud.simulator.world.ensure(type === 'Cluster' ? 'Cluster' : 'VirtualMachine');
  if (parameter.type === 'uuid' || parameter.of === 'uuid' || takesName(tool.command, parameter)) {
    const kind = kindOfParameter(tool.command, parameter)?.name ?? parameter.kind;
    if (kind === undefined) return '00000000-0000-4000-8000-000000000000';
    return special[kind]?.() ?? cloud.simulator.world.ensure(kind);
  }
  if (parameter.type === 'date') return '2026-01-31T12:00:00+0000';
  if (name === 'schedule') return findValues(tool.command.name, 'intervaltype') ? '30' : '0 8 * * *';
  // A setting is asked for by its name, and must be there.
  if (name === 'name' && /Configuration$/.test(tool.command.name)) return 'expunge.delay';
  const sample = formatted(parameter);
  if (sample !== undefined) return sample;
  // What a signature most easily gets wrong, in turn: all at once would be more than a dialog shows.
  const words = [`x~!*'() +`, `é,&=%/1`, `:[]@"1`];
  return words[name.length % words.length]!;
};

/** A value for a parameter, and what must arrive for it. */
const fill = (
  tool: Tool,
  parameter: Parameter,
  chosen: string,
): { name: string; given: unknown; wire: Record<string, string> } => ({
  name: parameter.name,
  ...fillValue(tool, parameter, word(tool, parameter, chosen)),
});

const fillValue = (
  tool: Tool,
  { name, type, map }: Parameter,
  text: string,
): { given: unknown; wire: Record<string, string> } => {
  switch (type) {
    case 'boolean':
      return { given: text === 'true', wire: { [name]: text } };
    case 'integer':
    case 'long':
    case 'short':
      return { given: Number(closedValue(tool, name) ?? 1), wire: { [name]: String(closedValue(tool, name) ?? 1) } };
    case 'double':
      return { given: 1.5, wire: { [name]: '1.5' } };
    case 'list': {
      const item = text.replaceAll(',', ';');
      return { given: [item], wire: { [name]: item } };
    }
    case 'map': {
      if (map?.form === 'rows') {
        const valueOf = (key: string): string => {
          const closed = closedValue(tool, name, key);
          if (closed !== undefined) return String(closed);
          const kind = entries[key.toLowerCase()];
          return kind === undefined ? text : cloud.simulator.world.ensure(kind);
        };
        const row = Object.fromEntries((map.keys ?? []).map((key) => [key, valueOf(key)]));
        return {
          given: [row, row],
          wire: Object.fromEntries(
            [0, 1].flatMap((i) => Object.entries(row).map(([key, value]) => [`${name}[${i}].${key}`, value])),
          ),
        };
      }
      if (map === undefined || map.form === 'flat')
        return { given: { cpuNumber: text, b: '2' }, wire: { [`${name}[0].cpuNumber`]: text, [`${name}[0].b`]: '2' } };
      return {
        given: { env: text, b: '2' },
        wire: {
          [`${name}[0].key`]: 'env',
          [`${name}[0].value`]: text,
          [`${name}[1].key`]: 'b',
          [`${name}[1].value`]: '2',
        },
      };
    }
    default:
      return { given: text, wire: { [name]: text } };
  }
};

const protocol = new Set(['command', 'response', 'apikey', 'signature', 'signatureversion', 'expires']);

type Arrived = (typeof cloud.calls)[number];
/** Names of what a request asks for, without what signs it and what cuts its page. */
const ownOf = ({ params }: Arrived): string[] =>
  Object.keys(params).filter((name) => !protocol.has(name.toLowerCase()) && !/^page(size)?$/i.test(name));
const namesIn = (request: Arrived): boolean => ownOf(request).some((name) => /name$|^keyword$/i.test(name));

test('every command with every parameter reaches the cloud, rightly signed, nothing lost, nothing invented', async () => {
  const { tools } = loadCatalog();
  const dead: string[] = [];
  const wrong: string[] = [];
  const badSignatures: string[] = [];
  let isWhole = true;
  for (const [tool, args] of tools.flatMap(callsOf)) {
    // What comes after a command that may take something away, such as the account that calls, finds a new world.
    if (!isWhole) cloud.renew();
    isWhole = tool.risk.risk === 'read' || (tool.risk.risk === 'change' && !isGrave(tool.risk));
    const filled = tool.command.params
      .filter(({ name }) => name in args)
      .map((parameter) => fill(tool, parameter, args[parameter.name]!));
    const given = Object.fromEntries(filled.map((one) => [one.name, one.given]));
    const expected = Object.assign({}, ...filled.map(({ wire }) => wire)) as Record<string, string>;
    const before = cloud.calls.length;
    let result = await host.call(tool.name, given);
    // More than a dialog shows: a person reads it at a terminal.
    const code = /Approval code: ([A-Z0-9-]+)/.exec(result.text)?.[1];
    if (code) {
      expect(await runCommand(['approve', code], { env, answers: ['yes'] })).toMatchObject({ status: 0 });
      result = await host.call(tool.name, given);
    }
    const error = result.structured['error'] as { kind: string; message: string } | undefined;
    const arrived = cloud.calls.slice(before).filter(({ command }) => command === tool.command.name);
    if (error?.kind === 'authentication' && !tool.command.auth)
      badSignatures.push(`${tool.command.name}: ${error.message}`);
    // A job is asked again; a list that finds nothing by a name is read once more without it, for names that are near.
    const isForNames =
      arrived.length === 2 &&
      ownOf(arrived[1]!).every((name) => ownOf(arrived[0]!).includes(name)) &&
      !namesIn(arrived[1]!);
    const isAgain = tool.command.name === 'queryAsyncJobResult' || (isForNames && namesIn(arrived[0]!));
    const mine = isAgain ? arrived.slice(0, 1) : arrived;
    if (mine.length !== 1) dead.push(`${tool.command.name} arrived ${mine.length} times: ${error?.message ?? ''}`);
    for (const { params } of mine.slice(0, 1)) {
      const got = Object.fromEntries(Object.entries(params).filter(([name]) => !protocol.has(name.toLowerCase())));
      if (JSON.stringify(Object.entries(got).sort()) !== JSON.stringify(Object.entries(expected).sort()))
        wrong.push(`${tool.command.name}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`);
    }
  }
  expect({ badSignatures, wrong, dead }).toEqual({ badSignatures: [], wrong: [], dead: [] });
});
