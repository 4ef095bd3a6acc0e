import { loadConfig } from '../../src/config/config.ts';
import { compose } from '../../src/app/compose.ts';
import { toReadWire } from '../../src/request/to-wire.ts';
import type { Params } from '../../src/types.ts';
import { median, time } from './process.ts';

/**
 * Milliseconds of one list: as the cloud of `env` answers it over HTTP, and as it is kept. Both end where the path goes on
 * with the answer; what the path and the protocol add is the same for both.
 */
export const measureCached = async (
  env: Record<string, string>,
  command: string,
  params: Params,
): Promise<{ saved: number; asked: number }> => {
  const config = await loadConfig({}, { ...env, CLOUDSTACK_MCP_CACHE: 'true' });
  const composition = compose(config, {
    cache: true,
    stderr: process.stderr,
    report: () => undefined,
    onCatalogChange: () => undefined,
  });
  const { catalog, cloudstack, send } = await composition.clouds.open(config.profile);
  const tool = catalog.find(command)!;
  const wire = toReadWire(tool, params);
  const options = { signal: new AbortController().signal, wait: 0 };
  const ask = () => cloudstack.send(wire, options);
  const readCached = async (): Promise<void> => {
    if ((await send(tool, wire, options)).age === undefined) throw new Error(`${command} was not kept`);
  };
  await send(tool, wire, options);
  await time(300, 1, ask);
  await time(3000, 1, readCached);
  const taken = { kept: [] as number[], asked: [] as number[] };
  // In turns, so that a machine that slows down slows both.
  for (let turn = 0; turn < 10; turn++) {
    taken.asked.push(...(await time(100, 1, ask)));
    taken.kept.push(...(await time(1000, 1, readCached)));
  }
  await composition.close();
  return { saved: median(taken.kept), asked: median(taken.asked) };
};
