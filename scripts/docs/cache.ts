import { lifetimeOf, type Lifetime } from '../../src/cache/lifetimes.ts';
import { loadDependencies } from '../../src/cache/dependencies.ts';
import { invalidatedBy } from '../../src/cache/invalidation-rules.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadToolsets } from '../../src/catalog/tool.ts';
import { cacheSettings } from '../../src/config/cache.ts';
import { loadData } from '../../src/data.ts';
import { code, toTable } from './markdown.ts';

const settingOf: Readonly<Record<Lifetime, keyof typeof cacheSettings>> = {
  lists: 'cacheLists',
  infrastructure: 'cacheInfrastructure',
  configuration: 'cacheConfiguration',
};

const reads = loadCatalog().tools.filter(({ risk }) => risk.risk === 'read');
const classOf = (command: string): Lifetime | 'never' => lifetimeOf(command) ?? 'never';

/** The reads of each toolset by how long they are cached. */
export const cachedTable = (): string => {
  const classes = [...(Object.keys(settingOf) as Lifetime[]), 'never' as const];
  const rows = classes.map((wanted) => {
    const setting = wanted === 'never' ? undefined : settingOf[wanted];
    const commands = reads.filter(({ command }) => classOf(command.name) === wanted);
    const toolsets = loadToolsets().flatMap(({ name }) => {
      const own = reads.filter(({ toolset }) => toolset === name);
      const here = own.filter(({ command }) => classOf(command.name) === wanted);
      if (!here.length) return [];
      return here.length === own.length ? [name] : [`${name} (${here.map(({ name: tool }) => code(tool)).join(', ')})`];
    });
    return [
      setting === undefined ? 'never' : `${Number(cacheSettings[setting].parse(undefined)) / 60} min, ${code(setting)}`,
      String(commands.length),
      toolsets.join(', '),
    ];
  });
  return toTable(['cached for', 'reads', 'toolsets (in part: the tools)'], rows);
};

/** How much of the cache common changes clear, and which changes clear it all. */
export const invalidatedTable = (): string => {
  const views = loadDependencies();
  const examples = [
    'deployVirtualMachine',
    'startVirtualMachine',
    'createVolume',
    'createSnapshot',
    'createFirewallRule',
    'createTags',
    'createServiceOffering',
    'updateZone',
    'createAccount',
  ];
  const rows = examples.map((command) => {
    const touched = invalidatedBy(command);
    const left = [...views.keys()].filter((view) => touched !== 'everything' && !touched.has(view));
    return [code(command), `${views.size - left.length} of ${views.size}`];
  });
  const { everything } = loadData<{ everything: { toolsets: string[] } }>('invalidations.json');
  return [
    toTable(['change', 'clears, of all kinds of answers'], rows),
    `Changes of these toolsets clear the whole cache: ${everything.toolsets.join(', ')}.`,
  ].join('\n\n');
};
