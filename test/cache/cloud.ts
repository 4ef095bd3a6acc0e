import { loadCatalog } from '../../src/catalog/catalog.ts';
import { kindOfParameter } from '../../src/catalog/kinds.ts';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/index.ts';
import { makeAny } from '../../src/simulator/world/insert.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import type { CallRequest, Outcome } from '../../src/types.ts';
import { lifetimeOf } from '../../src/cache/lifetimes.ts';
import { openApp, requestOf, valueFor, yes } from '../guard/counting.ts';
import { fitArguments } from '../support/fit.ts';

/** An app that keeps answers, over a simulator whose jobs are done at the first look. */
export const openCached = async (
  env: Record<string, string> = {},
  sections: Record<string, unknown> = {},
  options: SimulatorOptions = {},
) => {
  const simulator = createSimulator({ jobMillis: 0, ...options });
  const { apiKey, secretKey } = simulator.credentials;
  const opened = await openApp(sections, {
    cache: true,
    transport: createFetchTransport(simulator.fetch),
    env: { CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey, ...env },
  });
  const call = (
    tool: string,
    args: Record<string, unknown> = {},
    { fresh, ...more }: Partial<CallRequest> & { fresh?: boolean } = {},
  ): Promise<Outcome> =>
    opened.app.call(requestOf(tool, args, { consent: yes, view: { fields: ['*'], fresh }, ...more }));
  return { ...opened, simulator, call };
};

/** Every command whose answers are kept. */
export const cachedReads: readonly Command[] = loadCatalog()
  .tools.filter(({ command }) => lifetimeOf(command.name))
  .map(({ command }) => command);

/** Every command that is not a read. */
export const changes = loadCatalog().tools.filter(({ risk, command }) => risk.risk !== 'read' && !command.auth);

/** Parameters that give what is made its id; no two things have the same. */
const chosenIds = ['customid', 'accountid', 'userid'];

/** A value that the simulator takes: ids of things that exist, and new ones for things that are made. */
export const fill = (simulator: Simulator, command: Command, parameter: Parameter): unknown => {
  const kind = kindOfParameter(command, parameter)?.name ?? parameter.kind;
  const isId = parameter.type === 'uuid' || parameter.of === 'uuid' || (kind && parameter.name.endsWith('id'));
  if (kind && isId) {
    // The first key pair signs these calls.
    const id = kind === 'ApiKeyPair' ? makeAny(simulator.world, kind).id : simulator.world.ensure(kind);
    return parameter.type === 'list' ? [id] : id;
  }
  if (parameter.type === 'string' && chosenIds.includes(parameter.name)) return crypto.randomUUID();
  return valueFor(parameter, command.name);
};

/** The chosen parameters with such values, and what has to be given beside them. */
export const fillAll = (
  simulator: Simulator,
  command: Command,
  chosen: (parameter: Parameter) => boolean,
): Record<string, unknown> =>
  fitArguments<unknown>(
    command,
    Object.fromEntries(command.params.filter(chosen).map((one) => [one.name, fill(simulator, command, one)])),
    (parameter, wanted) => wanted ?? fill(simulator, command, parameter),
  );

const whole: Record<string, unknown> = { listall: true, templatefilter: 'all', isofilter: 'all' };

/** Arguments with which a list shows all that there is. */
export const wideArgs = (simulator: Simulator, command: Command): Record<string, unknown> => ({
  ...fillAll(simulator, command, ({ required }) => required === true),
  ...Object.fromEntries(Object.entries(whole).filter(([name]) => command.params.some((p) => p.name === name))),
});
