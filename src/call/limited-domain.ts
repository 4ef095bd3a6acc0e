import { CallError } from '../errors.ts';
import { toLabel } from '../text.ts';
import type { ListRows } from '../types.ts';
import type { Cloud } from './composition.ts';

const ofDomain = /\b(limit of domain )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/i;

/**
 * The error of a limit that a domain has reached, with the domain's name: CloudStack tells its id alone. One read beside it, none
 * for the domain of the account itself. Any other error, and one whose domain cannot be read, as it is.
 */
export const nameLimitedDomain = async (error: unknown, cloud: Cloud, list: ListRows): Promise<unknown> => {
  if (!(error instanceof CallError) || error.kind !== 'quota') return error;
  const id = ofDomain.exec(error.hint)?.[2];
  if (id === undefined) return error;
  const own = await cloud.account({ isKnownOnly: true }).catch(() => undefined);
  const domains = cloud.catalog.find('listDomains');
  const isOwn = own?.row['domainid'] === id;
  const rows = isOwn || !domains ? [] : await list(domains, { id }).catch(() => []);
  const name = isOwn ? own.domain : rows.find((row) => row['id'] === id)?.['name'];
  if (typeof name !== 'string') return error;
  const { kind, message, code, cserrorcode, job, retryAfter, isForeign } = error;
  const hint = error.hint.replace(ofDomain, (_all, before: string) => `${before}${toLabel(name)} (${id})`);
  return new CallError(kind, message, hint, { code, cserrorcode, job, retryAfter, isForeign, cause: error });
};
