import { loadCatalog } from '../catalog/catalog.ts';
import type { Ending } from '../observe.ts';

/** The label for everything that is not in the catalog: callers cannot create new time series. */
export const other = 'other';

/** The tool and risk of a command, as labels. */
export interface ToolLabels {
  tool: string;
  command: string;
  risk: string;
}

/** Reads labels off the catalog. Commands that only the connected cloud knows are `other`. */
export const createToolLabels = (): ((command: string | undefined) => ToolLabels) => {
  const unknown: ToolLabels = { tool: other, command: other, risk: 'unknown' };
  const known = new Map<string, ToolLabels>();
  const load = (): void => {
    for (const { name, command, risk } of loadCatalog().tools)
      known.set(command.name, { tool: name, command: command.name, risk: risk.risk });
    // What the client itself sends to begin and end a session.
    for (const command of ['login', 'logout'])
      if (!known.has(command)) known.set(command, { tool: other, command, risk: 'unknown' });
  };
  return (command) => {
    if (!known.size) load();
    return (command === undefined ? undefined : known.get(command)) ?? unknown;
  };
};

/** Whether CloudStack was reached: `unreachable` counts against it or the network, `error` against the request. */
export const reachOf = ({
  ending,
  answered,
}: {
  ending: Ending;
  answered: boolean | undefined;
}): 'ok' | 'error' | 'unreachable' => {
  if (ending === 'ok') return 'ok';
  return answered === false ? 'unreachable' : 'error';
};
