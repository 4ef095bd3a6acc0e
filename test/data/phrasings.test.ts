import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findValues, takesValue } from '../../src/catalog/values.ts';
import { loadData } from '../../src/data.ts';
import { loadForeignQuestions } from '../../src/search/foreign.ts';
import { loadPhrasings, loadTrainingPhrasings, phrasingsOf } from '../../src/search/phrasings.ts';
import { loadLessons } from '../../src/search/saved-index.ts';
import { digestOf, type SavedIntent } from '../../src/search/saved-intent.ts';
import { toWords } from '../../src/search/words.ts';
import { loadFurtherQuestions, loadQuestions } from '../../scripts/search-quality/measure.ts';

/** Commands that people need every day: they are asked for in many ways. */
const everyday = `
  addNicToVirtualMachine assignVirtualMachine createConsoleEndpoint createVMSchedule deployVirtualMachine destroyVirtualMachine expungeVirtualMachine listVirtualMachines listVirtualMachinesMetrics migrateVirtualMachine migrateVirtualMachineWithVolume rebootVirtualMachine recoverVirtualMachine removeNicFromVirtualMachine resetPasswordForVirtualMachine restoreVirtualMachine scaleVirtualMachine startVirtualMachine stopVirtualMachine updateVirtualMachine
  attachVolume changeOfferingForVolume createVolume deleteVolume detachVolume extractVolume listVolumes migrateVolume recoverVolume resizeVolume updateVolume uploadVolume
  createSnapshot createSnapshotPolicy createVMSnapshot deleteSnapshot deleteSnapshotPolicies deleteVMSnapshot listSnapshotPolicies listSnapshots listVMSnapshot revertSnapshot revertToVMSnapshot
  attachIso copyTemplate createTemplate deleteIso deleteTemplate detachIso extractTemplate listIsos listTemplates registerIso registerTemplate updateTemplate updateTemplatePermissions
  createSSHKeyPair listSSHKeyPairs registerSSHKeyPair registerUserData resetSSHKeyForVirtualMachine
  createAffinityGroup listAffinityGroups updateVMAffinityGroup
  createNetwork deleteNetwork listNetworks restartNetwork updateNetwork
  createNetworkACL createNetworkACLList createVPC deleteNetworkACL deleteVPC listNetworkACLs listVPCs replaceNetworkACLList restartVPC
  addVpnUser createRemoteAccessVpn createVpnConnection createVpnCustomerGateway createVpnGateway listVpnConnections listVpnUsers removeVpnUser resetVpnConnection
  createEgressFirewallRule createFirewallRule createPortForwardingRule deleteFirewallRule deletePortForwardingRule listEgressFirewallRules listFirewallRules listPortForwardingRules
  associateIpAddress disableStaticNat disassociateIpAddress enableStaticNat listPublicIpAddresses
  assignToLoadBalancerRule createLoadBalancerRule deleteLoadBalancerRule listLoadBalancerRuleInstances listLoadBalancerRules removeFromLoadBalancerRule
  authorizeSecurityGroupIngress createSecurityGroup listSecurityGroups revokeSecurityGroupIngress
  createVlanIpRange
  createKubernetesCluster getKubernetesClusterConfig listKubernetesClusters scaleKubernetesCluster
  createBackup createBackupSchedule listBackups restoreBackup
  listClusters listPods listZones updateCluster updateZone
  addHost cancelHostMaintenance deleteHost findHostsForMigration listHosts listHostsMetrics prepareHostForMaintenance reconnectHost updateHost
  addImageStore listImageStores
  cancelStorageMaintenance createStoragePool enableStorageMaintenance listStoragePools updateStoragePool
  destroyRouter listRouters rebootRouter
  destroySystemVm listSystemVms rebootSystemVm
  createAccount deleteAccount disableAccount enableAccount listAccounts updateAccount
  createUser deleteUser disableUser enableUser getUserKeys listUsers registerUserKeys updateUser
  createDomain listDomains
  addAccountToProject createProject listProjects
  createRole
  listResourceLimits listUsageRecords updateResourceCount updateResourceLimit
  createDiskOffering createServiceOffering listDiskOfferings listNetworkOfferings listServiceOfferings updateServiceOffering
  listCapabilities listConfigurations updateConfiguration
  createTags deleteTags listTags
  listAlerts listCapacity listEvents
  listAsyncJobs queryAsyncJobResult
`
  .trim()
  .split(/\s+/);

const { tools, find } = loadCatalog();
const phrasings = loadPhrasings();
const all = Object.keys(phrasings).map((command) => [command, phrasingsOf(phrasings, command)] as const);
const training = loadTrainingPhrasings();
const taught = Object.keys(training).map((command) => [command, phrasingsOf(training, command)] as const);

test('every command is asked for in eight ways or more, an everyday one in twenty', () => {
  const silent = tools.filter(({ command }) => !phrasings[command.name]);
  expect(silent.map(({ command }) => `${command.name}: no phrasings; write eight in data/phrasings.json`)).toEqual([]);
  expect([...all, ...taught].map(([command]) => command).filter((command) => !find(command))).toEqual([]);
  for (const command of everyday) expect(phrasings, command).toHaveProperty(command);
  const few = all.filter(([command, asked]) => asked.length < (everyday.includes(command) ? 20 : 8));
  expect(few.map(([command, asked]) => `${command}: ${asked.length}`)).toEqual([]);
});

test('no phrasing stands twice, at one command or at two', () => {
  const commandsOf = new Map<string, string[]>();
  for (const [command, asked] of [...all, ...taught])
    for (const { text } of asked) {
      const words = toWords(text).join(' ');
      commandsOf.set(words, [...(commandsOf.get(words) ?? []), command]);
    }
  const twice = [...commandsOf].filter(([, commands]) => commands.length > 1);
  expect(Object.fromEntries(twice)).toEqual({});
  expect(commandsOf.has('')).toBe(false);
});

test('no question by which the search is measured is a phrasing', () => {
  const wordsOf = (text: string): string => toWords(text).join(' ');
  const leads = Object.values(loadData<Record<string, string[]>>('lead-phrasings.json')).flat();
  const texts = [...all, ...taught].flatMap(([, asked]) => asked.map(({ text }) => text));
  const phrases = new Set([...texts, ...leads, ...loadForeignQuestions()].map(wordsOf));
  const measured = loadQuestions();
  const known = new Set(measured.map(({ question }) => wordsOf(question)));
  const further = loadFurtherQuestions();
  expect(further.filter(({ question }) => known.has(wordsOf(question)))).toEqual([]);
  const copied = [...measured, ...further].filter(({ question }) => phrases.has(toWords(question).join(' ')));
  expect(copied.map(({ question }) => question)).toEqual([]);
});

test('search-weights.json was learned from what people say today', () => {
  const { digest } = loadData<SavedIntent>('search-weights.json');
  expect(digest === digestOf(loadLessons()), 'phrasings, synonyms or commands changed: npm run train-search').toBe(
    true,
  );
});

test('a phrasing that means a parameter names one of the command, with a value that it takes', () => {
  const wrong = all.flatMap(([command, asked]) =>
    asked.flatMap(({ text, set }) => {
      if (set === undefined) return [];
      const [name = '', value] = set.split(/=(.*)/);
      const parameter = find(command)!.command.params.find((one) => one.name === name);
      const values = findValues(command, name);
      const takes = value === undefined || !values || takesValue(values, value);
      const isBoolean = parameter?.type !== 'boolean' || ['true', 'false'].includes(value ?? 'true');
      return parameter && takes && isBoolean ? [] : [`${command} "${text}": ${set}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('synonyms.json: every meaning is a word that is said of some command', () => {
  const { joined, verbs, same, near } = loadData<{
    joined: Record<string, string[]>;
    verbs: string[][];
    same: string[][];
    near: [string, string][];
  }>('synonyms.json');
  for (const group of [...verbs, ...same]) expect(new Set(group).size, group.join(' ')).toBe(group.length);
  const inTwo = same.flat().filter((word, at, words) => words.indexOf(word) !== at);
  expect(inTwo).toEqual([]);
  const groups = new Set([...verbs, ...same].flat());
  const asked = new Set(all.flatMap(([, phrases]) => phrases.flatMap(({ text }) => toWords(text))));
  const known = (word: string): boolean => groups.has(word) || asked.has(word) || word in joined;
  expect(near.filter(([, meant]) => !known(meant))).toEqual([]);
});

test('common-parameters.json: each is a parameter of some command', () => {
  const names = new Set(tools.flatMap(({ command }) => command.params.map(({ name }) => name)));
  expect(loadData<string[]>('common-parameters.json').filter((name) => !names.has(name))).toEqual([]);
});
