import { object, success, work } from '../engine/results.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../engine/args.ts';
import { freeAddress, takeAddress } from '../rules/addresses.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, conflict } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { holds, overlap, parseBlock } from '../rules/ip.ts';
import { checkLimit } from '../rules/limits.ts';
import { ownerOf } from '../engine/owner.ts';
import { settingOf } from '../world/settings.ts';
import type { Behaviour } from '../world/types.ts';
import { ensureRouter, releaseRules } from '../rules/networks.ts';

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].flatMap((cidr) => parseBlock(cidr) ?? []);

const create: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const offering = needRow(call, 'vpcofferingid');
  const owner = ownerOf(call);
  const block = parseBlock(textArg(call, 'cidr') ?? '10.0.0.0/16');
  if (offering.fields['state'] !== 'Enabled')
    throw badValue(`Can't use specified offering ${offering.id} as its state is not Enabled`);
  if (!block || !PRIVATE.some((range) => holds(range, block)))
    throw badValue(`Invalid CIDR ${textArg(call, 'cidr')}: it has to be RFC 1918 compliant`);
  checkLimit(world, owner, 'vpc');
  const { fields } = statedFields(call, 'Vpc');
  const vpc = insertKind(
    world,
    'Vpc',
    {
      ...fields,
      cidr: block.text,
      zoneid: zone.id,
      vpcofferingid: offering.id,
      state: 'Enabled',
      networkdomain:
        textArg(call, 'networkdomain') ?? `cs${owner.no.toString(16)}cloud.${settingOf(world, 'guest.domain.suffix')}`,
      restartrequired: false,
      redundantvpcrouter: offering.fields['name'] === 'Redundant VPC offering',
      distributedvpcrouter: false,
      regionlevelvpc: false,
      fordisplay: true,
    },
    { owner: owner.id },
  );
  try {
    takeAddress(world, zone.id, owner.id, { vpcid: vpc.id, issourcenat: true }, textArg(call, 'sourcenatipaddress'));
  } catch (error) {
    world.remove(vpc);
    throw error;
  }
  return work(vpc, () => {
    if (call.args['start'] !== false) ensureRouter(world, vpc);
    return object(vpc);
  });
};

const remove: Behaviour = (call) => {
  const { world } = call;
  const vpc = needRow(call, 'id');
  const tiers = [...world.where('Network', 'vpcid', vpc.id)].length;
  if (tiers > 0) throw badValue(`Can't delete VPC ${vpc.id} as its used by ${tiers} networks`);
  return work(vpc, () => {
    for (const address of [...world.where('IPAddress', 'vpcid', vpc.id)]) {
      releaseRules(world, address, false);
      freeAddress(world, address);
    }
    for (const kind of ['DomainRouter', 'NetworkACL', 'PrivateGateway', 'StaticRoute', 'Site2SiteVpnGateway'])
      for (const row of [...world.where(kind, 'vpcid', vpc.id)]) world.remove(row);
    world.remove(vpc);
    return success();
  });
};

const restart: Behaviour = (call) => {
  const vpc = needRow(call, 'id');
  return work(vpc, () => {
    if (flagArg(call, 'cleanup'))
      for (const router of [...call.world.where('DomainRouter', 'vpcid', vpc.id)]) call.world.remove(router);
    ensureRouter(call.world, vpc);
    call.world.update(vpc, {
      restartrequired: false,
      ...(flagArg(call, 'makeredundant') ? { redundantvpcrouter: true } : {}),
    });
    return success();
  });
};

const createGateway: Behaviour = (call) => {
  const vpc = needRow(call, 'vpcid');
  const { fields } = statedFields(call, 'PrivateGateway');
  const acl = rowArg(call, 'aclid') ?? call.world.all('NetworkACL').find(({ hidden }) => hidden['default'] === true);
  const gateway = insertKind(
    call.world,
    'PrivateGateway',
    {
      ...fields,
      aclid: acl?.id,
      zoneid: vpc.fields['zoneid'],
      state: 'Creating',
      sourcenatsupported: flagArg(call, 'sourcenatsupported'),
    },
    { owner: vpc.owner },
  );
  return work(gateway, () => {
    call.world.update(gateway, { state: 'Ready' });
    return object(gateway);
  });
};

const createRoute: Behaviour = (call) => {
  const gateway = rowArg(call, 'gatewayid');
  const vpc = rowArg(call, 'vpcid') ?? call.world.get(text(gateway, 'vpcid'));
  const block = parseBlock(textArg(call, 'cidr') ?? '');
  if (!vpc) throw badValue('Either gatewayid, or vpcid and nexthop must be given');
  if (!block) throw badValue(`Invalid format for cidr ${textArg(call, 'cidr')}`);
  const own = parseBlock(text(vpc, 'cidr'));
  if (own && overlap(own, block)) throw badValue('CIDR should be outside of VPC cidr ' + text(vpc, 'cidr'));
  if (
    [...call.world.where('StaticRoute', 'vpcid', vpc.id)].some(({ fields }) =>
      overlap(parseBlock(String(fields['cidr'])) ?? block, block),
    )
  )
    throw conflict(`New static route cidr conflicts with existing route`);
  const route = insertKind(
    call.world,
    'StaticRoute',
    {
      vpcid: vpc.id,
      vpcgatewayid: gateway?.id,
      gatewayid: gateway?.id,
      cidr: block.text,
      nexthop: textArg(call, 'nexthop'),
      state: 'Active',
    },
    { owner: vpc.owner },
  );
  return work(route, () => object(route));
};

/** VPCs: their tiers' access lists, private gateways and routes. */
export const vpcs: Record<string, Behaviour> = {
  createVPC: create,
  deleteVPC: remove,
  restartVPC: restart,
  migrateVPC: (call) => {
    const vpc = needRow(call, 'vpcid');
    return work(vpc, () => {
      call.world.update(vpc, { vpcofferingid: needRow(call, 'vpcofferingid').id });
      return object(vpc);
    });
  },
  createPrivateGateway: createGateway,
  deletePrivateGateway: (call) => {
    const gateway = needRow(call, 'id');
    if ([...call.world.where('StaticRoute', 'gatewayid', gateway.id)].length > 0)
      throw badValue(
        `Can't delete private gateway ${gateway.id} as it has static routes applied. Remove the routes first`,
      );
    return work(gateway, () => {
      call.world.remove(gateway);
      return success();
    });
  },
  createStaticRoute: createRoute,
};
