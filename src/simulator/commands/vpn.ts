import { statedFields } from '../engine/generic.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { checkVpnPorts } from '../rules/port-rules.ts';
import { object, success, work } from '../rules/results.ts';
import { badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { settingOf } from '../world/settings.ts';
import type { Resource } from '../world/types.ts';

const createRemote: Behaviour = (call) => {
  const { world } = call;
  const address = needRow(call, 'publicipid');
  if ([...world.where('RemoteAccessVpn', 'publicipid', address.id)].length > 0)
    throw badValue('A Remote Access VPN already exists for this public Ip address');
  if (
    address.fields['issourcenat'] !== true &&
    address.fields['associatednetworkid'] === undefined &&
    address.fields['vpcid'] === undefined
  )
    throw badValue('The Ip address is not associated with any network or VPC');
  if (address.fields['issourcenat'] !== true)
    throw badValue(
      `The address ${text(address, 'ipaddress')} is not the source NAT address, which alone carries a VPN`,
    );
  checkVpnPorts(call, address);
  const vpn = insertKind(
    world,
    'RemoteAccessVpn',
    {
      publicipid: address.id,
      publicip: address.fields['ipaddress'],
      iprange: textArg(call, 'iprange') ?? settingOf(world, 'remote.access.vpn.client.iprange'),
      presharedkey: world.random.key(24),
      state: 'Added',
      networkid: address.fields['associatednetworkid'],
      fordisplay: true,
    },
    { owner: address.owner },
  );
  return work(vpn, () => {
    world.update(vpn, { state: 'Running' });
    return object(vpn);
  });
};

const removeRemote: Behaviour = (call) => {
  const address = needRow(call, 'publicipid');
  const vpn = [...call.world.where('RemoteAccessVpn', 'publicipid', address.id)][0];
  if (!vpn) throw badValue(`VPN is not running on the address ${address.id}`);
  return work(vpn, () => {
    call.world.remove(vpn);
    return success();
  });
};

const userOf = (call: Call): Resource | undefined => {
  const owner = ownerOf(call);
  return call.world
    .all('VpnUsers')
    .find((row) => row.owner === owner.id && text(row, 'username') === textArg(call, 'username'));
};

const addUser: Behaviour = (call) => {
  if (userOf(call)) throw badValue(`VPN User with name ${textArg(call, 'username')} is already added for account`);
  if (!/^[a-z0-9][\w@.-]{2,63}$/i.test(textArg(call, 'username') ?? ''))
    throw badValue(
      "Username has to be begin with an alphabet have 3-64 characters including alphabets, numbers and the set '@.-_'",
    );
  if (!/^[a-z0-9][\w@+=.-]{2,31}$/i.test(textArg(call, 'password') ?? ''))
    throw badValue("Password has to be 3-32 characters including alphabets, numbers and the set '@+=.-_'");
  const user = insertKind(
    call.world,
    'VpnUsers',
    { username: textArg(call, 'username'), state: 'Add' },
    { owner: ownerOf(call).id },
  );
  return work(user, () => {
    call.world.update(user, { state: 'Active' });
    return object(user);
  });
};

const createGateway: Behaviour = (call) => {
  const { world } = call;
  const vpc = needRow(call, 'vpcid');
  if ([...world.where('Site2SiteVpnGateway', 'vpcid', vpc.id)].length > 0)
    throw badValue(`The VPN gateway of VPC ${vpc.id} already existed!`);
  const address =
    rowArg(call, 'ipaddressid') ??
    [...world.where('IPAddress', 'vpcid', vpc.id)].find(({ fields }) => fields['issourcenat'] === true);
  if (!address) throw badValue(`Cannot get source nat ip of vpc ${vpc.id}`);
  const gateway = insertKind(
    world,
    'Site2SiteVpnGateway',
    { vpcid: vpc.id, publicip: address.fields['ipaddress'], fordisplay: true },
    { owner: vpc.owner },
  );
  return work(gateway, () => object(gateway));
};

/** Throws for a gateway with anything that the operator has excluded (CloudStack 4.23). */
const checkExcluded = (call: Call): void => {
  const used: Record<string, (string | undefined)[]> = { 'ike.versions': [textArg(call, 'ikeversion') ?? 'ike'] };
  for (const policy of [textArg(call, 'ikepolicy'), textArg(call, 'esppolicy')].flatMap(
    (one) => one?.split(',') ?? [],
  )) {
    // Such as aes128-sha1;modp1024.
    const [phase = '', group] = policy.trim().split(';');
    const [encryption, hash] = phase.split('-');
    (used['encryption.algorithms'] ??= []).push(encryption);
    (used['hashing.algorithms'] ??= []).push(hash);
    (used['dh.group'] ??= []).push(group);
  }
  for (const [what, values] of Object.entries(used)) {
    const setting = `vpn.customer.gateway.excluded.${what}`;
    const excluded = settingOf(call.world, setting).split(',');
    const found = excluded.find((value) => values.includes(value.trim()));
    if (found) throw badValue(`${found.trim()} is excluded by ${setting}`);
  }
};

/** What a connection shows of its customer gateway. */
const ofCustomer = [
  'cidrlist',
  'gateway',
  'ikepolicy',
  'esppolicy',
  'ikelifetime',
  'esplifetime',
  'ipsecpsk',
  'dpd',
  'forceencap',
  'splitconnections',
  'ikeversion',
];

const connect: Behaviour = (call) => {
  const { world } = call;
  const gateway = needRow(call, 's2svpngatewayid');
  const customer = needRow(call, 's2scustomergatewayid');
  if (
    [...world.where('Site2SiteVpnConnection', 's2svpngatewayid', gateway.id)].some(
      ({ fields }) => fields['s2scustomergatewayid'] === customer.id,
    )
  )
    throw badValue(
      `The vpn connection with customer gateway id ${customer.id} and vpn gateway id ${gateway.id} already existed!`,
    );
  const passive = flagArg(call, 'passive');
  const connection = insertKind(
    world,
    'Site2SiteVpnConnection',
    {
      s2svpngatewayid: gateway.id,
      s2scustomergatewayid: customer.id,
      passive,
      publicip: gateway.fields['publicip'],
      vpcid: gateway.fields['vpcid'],
      ...Object.fromEntries(ofCustomer.map((name) => [name, customer.fields[name]])),
      state: 'Pending',
      fordisplay: true,
    },
    { owner: gateway.owner },
  );
  return work(connection, () => {
    world.update(connection, { state: passive ? 'Disconnected' : 'Connected' });
    return object(connection);
  });
};

const used = (call: Call, field: string, row: Resource): boolean =>
  [...call.world.where('Site2SiteVpnConnection', field, row.id)].length > 0;

/** Remote access and site-to-site VPN. */
export const vpn: Behaviours = {
  createRemoteAccessVpn: createRemote,
  deleteRemoteAccessVpn: removeRemote,
  addVpnUser: addUser,
  removeVpnUser: (call) => {
    const user = userOf(call);
    if (!user) throw badValue(`Could not find vpn user=${textArg(call, 'username')}`);
    return work(user, () => {
      call.world.remove(user);
      return success();
    });
  },
  createVpnGateway: createGateway,
  deleteVpnGateway: (call) => {
    const gateway = needRow(call, 'id');
    if (used(call, 's2svpngatewayid', gateway))
      throw inUse(`Unable to delete VPN gateway ${gateway.id} because there is still related VPN connections!`);
    return work(gateway, () => {
      call.world.remove(gateway);
      return success();
    });
  },
  deleteVpnCustomerGateway: (call) => {
    const gateway = needRow(call, 'id');
    if (used(call, 's2scustomergatewayid', gateway))
      throw inUse(
        `Unable to delete VPN customer gateway with id ${gateway.id} because there is still related VPN connections!`,
      );
    return work(gateway, () => {
      call.world.remove(gateway);
      return success();
    });
  },
  createVpnCustomerGateway: (call) => {
    checkExcluded(call);
    const owner = ownerOf(call);
    const name = textArg(call, 'name') ?? `VPN-${textArg(call, 'gateway')}`;
    if (call.world.all('Site2SiteCustomerGateway').some((row) => row.owner === owner.id && text(row, 'name') === name))
      throw badValue(`The customer gateway with name ${name} already existed!`);
    const row = insertKind(
      call.world,
      'Site2SiteCustomerGateway',
      {
        ikelifetime: 86400,
        esplifetime: 3600,
        dpd: false,
        forceencap: false,
        splitconnections: false,
        ikeversion: 'ike',
        ...statedFields(call, 'Site2SiteCustomerGateway').fields,
        name,
      },
      { owner: owner.id },
    );
    return work(row, () => object(row));
  },
  createVpnConnection: connect,
  resetVpnConnection: (call) => {
    const row = needRow(call, 'id');
    call.world.update(row, { state: 'Connecting' });
    return work(row, () => {
      call.world.update(row, { state: 'Connected' });
      return object(row);
    });
  },
};
