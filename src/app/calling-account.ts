import type { CallingAccount, Cloud } from '../call/composition.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RoleType } from '../catalog/list-scope.ts';
import type { CloudStack } from '../cloudstack/cloudstack.ts';
import { toReadWire } from '../request/to-wire.ts';
import { isRecord, rowsOf, type Row } from '../rows.ts';

/** Milliseconds for the look at the account: calls go on without it. */
const timeoutMs = 5000;

/** A cloud that did not tell is asked again after this many milliseconds. */
const retryIntervalMs = 60_000;

/** CloudStack's account types; a resource administrator (3) is one of a domain. */
const roleTypes: Readonly<Record<string, RoleType>> = { 0: 'User', 1: 'Admin', 2: 'DomainAdmin', 3: 'DomainAdmin' };

const hasKey = (row: Row, apiKey: string | undefined): boolean =>
  [row['user']].flat().some((user) => isRecord(user) && apiKey !== undefined && user['apikey'] === apiKey);

/** A domain may let its users see all of its accounts: of several rows, the own one has the key that is used. */
const toAccount = (rows: readonly Row[], apiKey: string | undefined): CallingAccount | undefined => {
  const own = rows.length === 1 ? rows[0] : rows.find((row) => hasKey(row, apiKey));
  const types = new Set(rows.map(({ accounttype }) => roleTypes[String(accounttype)]));
  const role = own ? roleTypes[String(own['accounttype'])] : types.size === 1 ? [...types][0] : undefined;
  if (role === undefined) return undefined;
  const text = (name: string): string | undefined => (typeof own?.[name] === 'string' ? own[name] : undefined);
  return {
    role,
    name: text('name'),
    domain: text('domainpath') ?? text('domain'),
    roleName: text('rolename'),
    row: own ?? {},
  };
};

/** Tells whose credential a cloud's is: asked once with the first call that needs it. Undefined where it cannot be told. */
export const createCallingAccount = (
  cloudstack: CloudStack,
  catalog: () => Catalog,
  apiKey: string | undefined,
): Cloud['account'] => {
  let asked: Promise<CallingAccount | undefined> | undefined;
  const ask = async (): Promise<CallingAccount | undefined> => {
    const tool = catalog().find('listAccounts');
    if (!tool) return undefined;
    // Without `listall`, an account lists itself.
    const signal = AbortSignal.timeout(timeoutMs);
    const { body } = await cloudstack.send(toReadWire(tool, {}), { signal, wait: 0, retries: 0 });
    return toAccount(rowsOf(body), apiKey);
  };
  return ({ fresh = false, isKnownOnly = false } = {}) => {
    if (isKnownOnly) return asked ?? Promise.resolve(undefined);
    if (fresh) asked = undefined;
    return (asked ??= ask().catch(() => {
      setTimeout(() => (asked = undefined), retryIntervalMs).unref();
      return undefined;
    }));
  };
};
