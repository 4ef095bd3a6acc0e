import type { World } from './world.ts';

/** Adds so many virtual machines like the ones there are, for tests of scale. */
export const multiply = (world: World, count: number): void => {
  const models = world.all('UserVm').slice(0, 8);
  for (let i = 0; i < count; i += 1) {
    const model = models[i % models.length];
    if (!model) return;
    const name = `scale-${String(i + 1).padStart(5, '0')}`;
    world.insert('UserVm', { ...model.fields, name, displayname: name }, { owner: model.owner, no: world.count('vm') });
  }
};
