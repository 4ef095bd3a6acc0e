import { once } from '../catalog/once.ts';
import { loadResourceLimits } from '../catalog/resource-limits.ts';
import type { Command } from '../catalog/types.ts';
import { isBounded } from '../guard/bounds.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import { quoteName } from '../secrets/text.ts';
import type { Answer, ApprovedCall, ListRows } from '../types.ts';
import type { Cloud } from './composition.ts';

/** The list that shows the owner of what was made, and how it is narrowed to that one. */
const ownerOf = ({ projectid, project, account, domainid }: Row) => {
  if (projectid !== undefined) return { list: 'listProjects', by: { id: String(projectid) }, name: project };
  if (account === undefined || domainid === undefined) return undefined;
  return { list: 'listAccounts', by: { name: String(account), domainid: String(domainid) }, name: account };
};

const takenBy = once(({ name }: Command) => loadResourceLimits().filter((limit) => limit.takenBy?.includes(name)));

/**
 * The limits that an owner has reached now that a change took of them, in words: one read beside it, of the owner alone. None where
 * the change took nothing that is limited, nothing says whose it is, or a role sees a part of the cloud.
 */
export const readLimitsReached = (
  cloud: Pick<Cloud, 'catalog'>,
  call: ApprovedCall,
  answer: Answer,
  list: ListRows,
): Promise<readonly string[]> | undefined => {
  const taken = takenBy(call.tool.command);
  return taken.length ? readOwner(cloud, call, answer, list, taken) : undefined;
};

const readOwner = async (
  { catalog }: Pick<Cloud, 'catalog'>,
  { role }: ApprovedCall,
  answer: Answer,
  list: ListRows,
  taken: ReturnType<typeof takenBy>,
): Promise<readonly string[]> => {
  if (answer.job?.status === 'pending' || isBounded(role)) return [];
  const owner = ownerOf(rowsOf(answer.body)[0] ?? itemOf(answer.body));
  const owners = owner && catalog.find(owner.list);
  if (!owners) return [];
  // What was done is shown whether or not this can be read.
  const rows = await list(owners, { ...owner.by, listall: true }).catch(() => []);
  const [row, ...others] = rows;
  if (!row || others.length) return [];
  return taken.flatMap(({ field, title, unit = '' }) => {
    const [used, limit] = [Number(row[`${field}total`]), Number(row[`${field}limit`])];
    if (!(limit >= 0) || !(used >= limit)) return [];
    const amount = [used, 'of', limit, unit, title].filter((word) => word !== '').join(' ');
    return [`${quoteName(String(owner.name))} is at its limit now: ${amount}. The next one is refused.`];
  });
};
