import { loadCatalog } from '../../src/catalog/catalog.ts';

/** The `listApis` of a cloud that is newer than the catalog: fields that are not known are shown there, not refused. */
export const newerApis = (): { count: number; api: object[] } => {
  const { tools } = loadCatalog();
  const api = tools.map(({ command }) => ({
    name: command.name,
    since: '4.99.0',
    isasync: command.async === true,
    params: command.params.map(({ name, type, required }) => ({ name, type, required })),
  }));
  return { count: api.length, api };
};
