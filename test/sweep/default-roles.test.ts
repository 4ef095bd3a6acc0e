import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createCloud } from '../simulator/cloud.ts';
import { send } from '../simulator/sign.ts';

const read = (file: string): Record<string, string[]> => {
  const lines = JSON.parse(readFileSync(new URL(`../simulator/${file}`, import.meta.url), 'utf8')) as Record<
    string,
    string[]
  >;
  return Object.fromEntries(Object.entries(lines).map(([key, part]) => [key, part.join(' ').split(' ')]));
};

// create-default-role-api-mappings.sql, by who has the rule, without migrateVolume, whose rules 4.18 took away.
const { all = [], administrators = [], resourceAdministrators = [] } = read('default-rules.json');
const sorted = (...names: string[][]): string[] => [...names.flat(), 'createSnapshotFromVMSnapshot'].sort();
const added = ['addAnnotation', 'listAnnotations', 'removeAnnotation', 'quotaCreditsList'];
const secondFactor = ['setupUserTwoFactorAuthentication', 'validateUserTwoFactorAuthenticationCode'];
const readers = ['cloudianIsEnabled', 'queryAsyncJobResult', 'quotaIsEnabled', 'quotaTariffList', 'quotaSummary'];
const quota = ['quotaBalance', 'quotaStatement', 'quotaCreditsList'];
const shared = (
  'startVirtualMachine stopVirtualMachine rebootVirtualMachine startKubernetesCluster stopKubernetesCluster createVolume ' +
  'attachVolume detachVolume uploadVolume attachIso detachIso registerTemplate registerIso'
).split(' ');
const offering = (
  'prepareHostForMaintenance cancelHostMaintenance enableStorageMaintenance cancelStorageMaintenance ' +
  'createServiceOffering createDiskOffering createNetworkOffering createVPCOffering'
).split(' ');
const listed = all.filter((name) => name.startsWith('list'));
const got = all.filter((name) => name.startsWith('get') && !name.startsWith('getUploadParamsFor'));
const readUser = [...listed, ...got, ...readers];
const another = 'listUserTwoFactorAuthenticatorProviders';
const domainOnly = ['listConfigurations', 'updateConfiguration', 'isAccountAllowedToCreateOfferingsWithTags'];

/** What CloudStack's schema writes for each role: the file above, Upgrade41400to41500 and the upgrades since. */
const rules: Record<string, [type: string, rules: string[]]> = {
  'Root Admin': ['Admin', ['*']],
  'Resource Admin': [
    'ResourceAdmin',
    [...sorted(all, administrators, resourceAdministrators), 'moveNetworkAclItem', 'assignVolume', ...added],
  ],
  'Domain Admin': [
    'DomainAdmin',
    [...sorted(all, administrators), 'moveNetworkAclItem', ...domainOnly, 'assignVolume', ...added],
  ],
  User: ['User', [...sorted(all), 'moveNetworkAclItem', ...added]],
  'Read-Only Admin - Default': [
    'Admin',
    ['list*', '-getUploadParamsFor*', 'get*', ...readers, ...quota, ...secondFactor, '-*'],
  ],
  'Read-Only User - Default': ['User', [...readUser, ...quota, ...secondFactor, another, '-*']],
  'Support Admin - Default': ['Admin', ['list*', 'get*', ...readers, ...offering, ...shared, ...secondFactor, '-*']],
  'Support User - Default': ['User', [...readUser, ...shared, 'getUploadParamsFor*', ...secondFactor, another, '-*']],
};

const fits = (rule: string, name: string): boolean =>
  new RegExp(`^${rule.replace('-', '').replaceAll('*', '\\w*')}$`, 'i').test(name);

type Cloud = ReturnType<typeof createCloud>;

const commands = loadCatalog().tools.map(({ command }) => command);

/** An account with a role, and its keys. */
const keysFor = async ({ one, did }: Cloud, role: string): Promise<{ apiKey: string; secretKey: string }> => {
  const { id: roleid } = await one('listRoles', { name: role });
  const { user } = await did('createAccount', {
    username: role.replaceAll(' ', '').toLowerCase(),
    firstname: 'a',
    lastname: 'b',
    email: 'a@example.com',
    password: 'p',
    roleid: String(roleid),
  });
  const { apikey, secretkey } = await did('registerUserKeys', { id: user[0].id });
  return { apiKey: String(apikey), secretKey: String(secretkey) };
};

const cloud = createCloud();

test.each(Object.entries(rules))(
  '%s: its rules are those of an installation, and decide over every command',
  async (role, [type, expected]) => {
    const { id: roleid } = await cloud.one('listRoles', { name: role });
    const rows = await cloud.all('listRolePermissions', { roleid: String(roleid) });
    expect(rows.map((row) => (row['permission'] === 'deny' ? '-' : '') + String(row['rule']))).toEqual(expected);
    const keys = await keysFor(cloud, role);
    const wrong: string[] = [];
    for (const command of commands) {
      if (command.auth === true || command.enabledBy) continue;
      const rule = expected.find((each) => fits(each, command.name));
      const may = rule === undefined ? command.roles?.includes(type) === true : !rule.startsWith('-');
      const { body } = await send(cloud.simulator, command.name, { id: 'x' }, keys);
      const refused = String(body['errortext'] ?? '').startsWith(`The API [${command.name}] does not exist`);
      if (refused === may) wrong.push(`${command.name}: ${may ? 'refused' : 'let through'}`);
    }
    expect(wrong).toEqual([]);
  },
);

// Of other modules than the measured server was built with, or of features that it had off.
const elsewhere =
  /Lun|OnFiler|Pools?$|Nuage|saml|sso|Idps|SPMetadata|^quota|Brocade|Cisco|External|F5|Srx|Netris|Nsx|Tungsten|Vmware|Vsphere|AccessGroupId|(forgot|reset)Password$|^log(in|out)$|oauthlogin|OvfProperties|SslCertificate/i;

test.each(Object.entries(read('real-roles.json')))('%s: may call what it may on a real server', async (role, real) => {
  const measured = createCloud({ release: '4.22.0' });
  const { body } = await send(measured.simulator, 'listApis', {}, await keysFor(measured, role));
  const here = (body['api'] as { name: string }[]).map(({ name }) => name);
  expect(real.length).toBeGreaterThan(200);
  expect(real.filter((name) => !here.includes(name))).toEqual([]);
  expect(here.filter((name) => !real.includes(name) && !elsewhere.test(name))).toEqual([]);
});
