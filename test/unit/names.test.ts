import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { spellingKey, toKebab } from '../../src/catalog/names.ts';

test.each([
  ['listVirtualMachines', 'list-virtual-machines'],
  ['createNetworkACLList', 'create-network-acl-list'],
  ['listVPCs', 'list-vpcs'],
  ['enableHAForHost', 'enable-ha-for-host'],
  ['listVMSnapshot', 'list-vm-snapshot'],
  ['createSSHKeyPair', 'create-ssh-key-pair'],
  ['addIpToNic', 'add-ip-to-nic'],
  ['createIpv6FirewallRule', 'create-ipv6-firewall-rule'],
  ['addImageStoreS3', 'add-image-store-s3'],
  ['addF5LoadBalancer', 'add-f5-load-balancer'],
  ['listOAuthProviders', 'list-oauth-providers'],
  ['quotaBalance', 'quota-balance'],
  ['login', 'login'],
])('%s is %s', (command, name) => {
  expect(toKebab(command)).toBe(name);
});

test('every command has a name of its own, short enough for every host', () => {
  const { tools } = loadCatalog();
  expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length);
  expect(new Set(tools.map(({ name }) => spellingKey(name))).size).toBe(tools.length);
  for (const { name, command } of tools) {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(name.length, name).toBeLessThanOrEqual(47);
    // A name that would be too long has a short one, and is found by both.
    expect([loadCatalog().find(name)?.command.name, loadCatalog().find(command.name)?.name]).toEqual([
      command.name,
      name,
    ]);
  }
});

test('spellings of one name have one key', () => {
  for (const name of ['listVPCs', 'list-vpcs', 'list_vpcs', 'LIST VPCS']) expect(spellingKey(name)).toBe('listvpcs');
});
