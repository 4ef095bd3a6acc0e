import { expect, test } from 'vitest';
import type { CommandsFile } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { createSimulator } from '../support/seeded-worlds.ts';

const { releases } = loadData<CommandsFile>('commands.json');

test.each(releases)('the simulated cloud of %s begins with the same machines', (release) => {
  expect(createSimulator({ release }).world.all('UserVm')).toHaveLength(14);
});
