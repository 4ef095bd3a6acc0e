import { loadCatalog } from '../catalog/catalog.ts';
import { loadData } from '../data.ts';

/** How long an answer is cached: a class of data/cache.json. */
export type Lifetime = 'lists' | 'infrastructure' | 'configuration';

interface CacheData {
  toolsets: Record<string, Lifetime | 'never'>;
  /** Commands whose lifetime differs from that of their toolset. */
  commands: Record<string, Lifetime | 'never'>;
  /** Parameters that ask for momentary figures. */
  parameters: string[];
  /** Commands that show a job → the parameter with its id. */
  jobs: Record<string, string>;
}

const load = (): CacheData => loadData<CacheData>('cache.json');

let toolsets: ReadonlyMap<string, { toolset: string; isRead: boolean }> | undefined;

/** The lifetime of a command's answers; undefined for what is never cached, such as commands unknown to the catalog. */
export const lifetimeOf = (command: string): Lifetime | undefined => {
  toolsets ??= new Map(
    loadCatalog().tools.map(({ command, toolset, risk }) => [command.name, { toolset, isRead: risk.risk === 'read' }]),
  );
  const known = toolsets.get(command);
  if (!known?.isRead) return undefined;
  const found = load().commands[command] ?? load().toolsets[known.toolset];
  return found === 'never' ? undefined : found;
};

/** Whether a request asks for momentary figures, whose change no event reports. */
export const isMomentary = (params: Readonly<Record<string, string>>): boolean =>
  load().parameters.some((name) => params[name] !== undefined && params[name] !== 'false');

/** The job that a request asks for, if it does. */
export const jobIn = (command: string, params: Readonly<Record<string, string>>): string | undefined => {
  const parameter = load().jobs[command];
  return parameter === undefined ? undefined : params[parameter];
};
