import { badParameter, badValue, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { freeAddress } from './addresses.ts';
import { mapArg, numberArg, rowArg, text, textArg } from './args.ts';
import type { Behaviour, Call } from './call.ts';
import { destroy } from './machines.ts';
import { object } from './results.ts';
import { checkDomain, findAccount } from './scope.ts';
import { addUser, usersNamed } from './users.ts';

const roleOfType: Record<number, string> = { 0: 'User', 1: 'Root Admin', 2: 'Domain Admin', 3: 'Resource Admin' };

/** Account type that each role type means. */
export const typeOfRole: Record<string, number> = { Admin: 1, ResourceAdmin: 3, DomainAdmin: 2, User: 0 };

/** Makes an account and its first user. */
export const createAccount: Behaviour = (call) => {
  const { world, caller } = call;
  const role = rowArg(call, 'roleid');
  const type = numberArg(call, 'accounttype') ?? (role ? typeOfRole[text(role, 'type')] : undefined);
  if (type === undefined) throw badParameter('Neither account type and role ID are not provided');
  const chosen = role ?? world.all('Role').find(({ fields }) => fields['name'] === roleOfType[type]);
  const domain = rowArg(call, 'domainid') ?? caller.domain;
  checkDomain(world, caller, domain.id);
  if (type === 1 && !caller.root) throw forbidden('Only root admins can make root admins');
  const name = textArg(call, 'account') ?? textArg(call, 'username') ?? '';
  if (findAccount(world, name, domain.id)) throw badValue(`The specified account: ${name} already exists`);
  if (usersNamed(world, textArg(call, 'username') ?? '', domain.id).length > 0)
    throw badValue(`The user ${textArg(call, 'username')} already exists in domain ${domain.id}`);
  if ((textArg(call, 'password') ?? '') === '') throw badValue('Empty passwords are not allowed');
  const given = textArg(call, 'accountid');
  const account = insertKind(
    world,
    'Account',
    {
      name,
      accounttype: type,
      roleid: chosen?.id,
      domainid: domain.id,
      state: 'enabled',
      isdefault: false,
      networkdomain: textArg(call, 'networkdomain'),
      accountdetails: mapArg(call, 'accountdetails'),
    },
    given === undefined ? {} : { id: given },
  );
  world.give(account, account.id);
  addUser(call, account);
  return object(account);
};

const ownedKinds =
  'Volume Snapshot VMSnapshot Template Network Vpc IPAddress Firewall EgressFirewall PortForwardingRule LoadBalancer SSHKeyPair UserData SecurityGroup AffinityGroup InstanceGroup User ResourceTag Bucket SharedFS Webhook Backup KubernetesCluster AutoScaleVmGroup'.split(
    ' ',
  );

/** Takes an account and all that belongs to it away. */
export const deleteAccount = (world: World, account: Resource): void => {
  for (const vm of [...world.ownedBy('UserVm', account.id)]) destroy(world, vm, true);
  for (const kind of ownedKinds) {
    for (const row of [...world.ownedBy(kind, account.id)]) {
      if (row.kind === 'IPAddress') freeAddress(world, row);
      else world.remove(row);
    }
  }
  for (const member of [...world.where('ProjectAccount', 'accountid', account.id)]) world.remove(member);
  world.remove(account);
};

/** The account that a call names; undefined when it names none. */
export const accountNamed = (call: Call): Resource | undefined => {
  const name = textArg(call, 'account');
  if (name === undefined) return undefined;
  const account = findAccount(call.world, name, rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
  if (!account) throw badValue(`Unable to find account ${name}`);
  return account;
};
