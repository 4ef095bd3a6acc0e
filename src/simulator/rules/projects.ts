import type { Index } from '../world/table.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Members of a project. */
export const membersOf = (world: World, project: Resource): Resource[] => [
  ...world.where('ProjectAccount', 'projectid', project.id),
];

const byProject: Index = { keysOf: ({ hidden }) => hidden['projectid'] };

/** The hidden account that owns what a project owns. */
export const accountOfProject = (world: World, projectId: string | undefined): Resource | undefined =>
  projectId === undefined ? undefined : [...world.indexed('Account', byProject, projectId)][0];

/** Whether an account is the hidden one of a project. */
export const isProjectAccount = (account: Resource | undefined): boolean => account?.fields['accounttype'] === 5;
