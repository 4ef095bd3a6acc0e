import { loadCatalog } from '../../src/catalog/catalog.ts';
import { uuid, type Answers } from './counting.ts';

/** The tags of what is protected. */
export const saved = [{ key: 'protected', value: 'true' }];
/** The protected one of a kind, and the other. */
export const [safe, other] = [uuid(1), uuid(2)];

/** A cloud in which one thing of every kind is protected. */
export const answers: Answers = (command, params) => {
  const tool = loadCatalog().find(command);
  if (!command.startsWith('list') || tool?.command.result !== 'list') return undefined;
  const key = [tool.command.key ?? 'item'].flat()[0]!;
  const rows = [
    { id: safe, name: 'precious', state: 'Running', tags: saved },
    { id: other, name: 'cheap', state: 'Running', tags: [] },
  ];
  const asked = params['id'] ?? params['name'];
  const found = rows.filter(({ id, name }) => asked === undefined || asked === id || asked === name);
  // What hangs on a thing is cheap.
  const isDependent = Object.keys(params).some((name) =>
    /^(virtualmachine|network|volume|vpc|zone|pod|cluster|host|template|iso|domain)id$/.test(name),
  );
  return { count: found.length, [key]: isDependent ? [] : found };
};

/** A policy that asks for nothing. */
export const allowAll = { rules: [{ name: 'all', match: { command: '*' }, action: 'allow' }] };
