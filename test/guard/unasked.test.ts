import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { CommandsFile } from '../../src/catalog/types.ts';

interface Row {
  risk: string;
  severity?: string;
  reversible?: boolean;
}
const read = <T>(name: string): T => JSON.parse(readFileSync(`data/${name}`, 'utf8')) as T;
const rows = read<Record<string, Row>>('risks.json');
const names = read<CommandsFile>('commands.json').commands.map(({ name }) => name);

/** What the default policy runs without asking, as its table says. */
const runsUnasked = ({ risk, severity = 'low' }: Row): boolean =>
  risk === 'read' || (risk !== 'destroy' && (severity === 'low' || severity === 'medium'));

/** Words with which names of commands begin that take something away, interrupt it or move it. */
const verbs =
  /^(delete|destroy|expunge|remove|purge|wipe|stop|reboot|restart|shutdown|detach|release|disassociate|disable|revoke|archive|restore|revert|reset|unmanage|unregister|unlink|unassign|lock|suspend|deactivate|clean|prepare|cancel|migrate|move|assign|replace|dedicate|reconnect|declare|scale|resize|change|upgrade|patch|synchronize|trigger|run|execute|import|provision|issue|reject|leave|force|kill|failover|evict|fence|power|extract|upload\w*cert|(start|enable|prepare)\w*maintenance)/i;

/** Looked at one by one: they run unasked, and why that is right. */
const exceptions: Record<string, string[]> = {
  'gives room, comes back, or goes on: nothing is taken away': [
    'assignCertToLoadBalancer',
    'assignToGlobalLoadBalancerRule',
    'assignToLoadBalancerRule',
    'assignVirtualMachineToBackupOffering',
    'cancelHostAsDegraded',
    'cancelHostMaintenance',
    'cancelMaintenance',
    'cancelShutdown',
    'cancelStorageMaintenance',
    'resetApiLimit',
  ],
  'brings something under management; what is there stays as it is': [
    'importBackupOffering',
    'importRole',
    'importVsphereStoragePolicies',
  ],
  'moves live, without an interruption that users notice': [
    'executeClusterDrsPlan',
    'migrateResourceToAnotherSecondaryStorage',
    'migrateSecondaryStorageData',
    'migrateSystemVm',
    'migrateVirtualMachine',
    'migrateVirtualMachineWithVolume',
    'migrateVolume',
  ],
  'takes effect at the next start, or on what is stopped already; can be set back': [
    'changeOfferingForVolume',
    'changeServiceForRouter',
    'changeServiceForSystemVm',
    'changeServiceForVirtualMachine',
    'changeSharedFileSystemDiskOffering',
    'scaleSystemVm',
    'scaleVirtualMachine',
  ],
  'grows; the arguments that shrink are asked about (data/parameter-risks.json)': ['resizeVolume'],
  'a copy, a file or a packet more': [
    'archiveSnapshot',
    'cleanVMReservations',
    'executeWebhookDelivery',
    'prepareTemplate',
    'runDiagnostics',
    'uploadSslCert',
    'uploadTemplateDirectDownloadCertificate',
    'provisionTemplateDirectDownloadCertificate',
  ],
  'a link to an image that the account may download anyway': ['extractIso', 'extractTemplate'],
  'reconnecting is asked about (data/parameter-risks.json)': ['provisionCertificate'],
  'every call of them is asked about, for an argument that it requires': ['moveNetworkAclItem', 'resetPassword'],
};

test('no command whose name says that it destroys or interrupts runs unasked, but those looked at', () => {
  const unasked = names.filter((name) => verbs.test(name) && rows[name]!.risk !== 'read' && runsUnasked(rows[name]!));
  const reviewed = Object.values(exceptions).flat();
  expect(unasked.filter((name) => !reviewed.includes(name))).toEqual([]);
  // One that is asked about by now, or gone, is no exception any more.
  expect(reviewed.filter((name) => !unasked.includes(name))).toEqual([]);
  expect(new Set(reviewed).size).toBe(reviewed.length);
});

test('no command of risk read has such a name, and every command is judged', () => {
  const reads = names.filter(
    (name) => rows[name]?.risk === 'read' && !/^(list|get|find|query|search|is|quota|cloudian|verify)/i.test(name),
  );
  expect(names.filter((name) => rows[name] === undefined)).toEqual([]);
  expect(reads.filter((name) => verbs.test(name))).toEqual([]);
});

test('nothing that destroys, nothing critical and nothing high runs unasked', () => {
  for (const name of names) {
    const row = rows[name]!;
    const isGrave = row.risk === 'destroy' || row.severity === 'critical' || row.severity === 'high';
    if (isGrave && row.risk !== 'read') expect(runsUnasked(row), name).toBe(false);
  }
});
