import { test } from 'vitest';
import { loadData } from '../../src/data.ts';

interface Promised {
  id: string;
  text: string;
  cites: string;
}

const promises = new Map(loadData<Promised[]>('promises.json').map((each) => [each.id, each]));

/** A test that keeps a promise of data/promises.json; its name is the promise's text and where CloudStack's own behaviour is told. */
export const keeps = (id: string, body: () => Promise<void> | void): void => {
  const promised = promises.get(id);
  if (!promised) throw new Error(`data/promises.json makes no promise ${id}`);
  test(`${promised.id}: ${promised.text} (§${promised.cites})`, body);
};
