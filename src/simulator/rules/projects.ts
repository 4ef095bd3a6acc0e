import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Members of a project. */
export const membersOf = (world: World, project: Resource): Resource[] => [
  ...world.where('ProjectAccount', 'projectid', project.id),
];
