import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readAuditLog } from '../../src/app/read-audit.ts';
import { runCommand, startCommand } from '../support/harness.ts';
import { entryOf, newFolder, openLedger } from './log.ts';
import { eventually } from '../support/eventually.ts';

let path: string;
const at = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * 60_000).toISOString();

beforeEach(async () => {
  path = join(newFolder(), 'audit.jsonl');
  const ledger = openLedger(path);
  ledger.add(entryOf({ time: at(90), principal: 'ada' }));
  ledger.add(entryOf({ time: at(40), tool: 'no-such\u001b[31m-tool', command: undefined as never, result: 'refused' }));
  ledger.add(
    entryOf({
      time: at(30),
      principal: 'a-principal-with-a-long-name@example.com',
      command: 'createVirtualMachineFromBackupWithALongName',
      risk: 'change',
      result: 'accepted',
      duration: 45_210,
    }),
  );
  const other = openLedger(path);
  other.add(entryOf({ time: at(20), command: 'destroyVirtualMachine', risk: 'destroy', result: 'cancelled' }));
  await other.close();
  ledger.add(entryOf({ time: at(10), command: 'listVirtualMachines', duration: 200_000 }));
  await ledger.close();
});

const tail = async (...flags: string[]): Promise<string[]> => {
  const { stdout, status } = await runCommand(['audit', 'tail', ...flags], { env: { CLOUDSTACK_MCP_AUDIT: path } });
  expect(status).toBe(0);
  return stdout.trimEnd().split('\n');
};
const commands = async (...flags: string[]): Promise<(string | undefined)[]> =>
  (await tail(...flags, '--json')).filter(Boolean).map((line) => (JSON.parse(line) as { command?: string }).command);

test('the last entries of every process, in order, in 80 columns', async () => {
  const lines = await tail();
  expect(lines.map((line) => line.slice(16))).toEqual([
    'WHO        COMMAND                   RISK       RESULT     TOOK',
    'ada        listZones                 read       done       12ms',
    'local      no-such[31m-tool          read       refused    12ms',
    'a-princi…  createVirtualMachineFro…  change     accepted   45.2s',
    'local      destroyVirtualMachine     destroy    cancelled  12ms',
    'local      listVirtualMachines       read       done       3m',
  ]);
  expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(80);
});

test('filters', async () => {
  expect(await commands('-n', '2')).toEqual(['destroyVirtualMachine', 'listVirtualMachines']);
  expect(await commands('--principal', 'ada')).toEqual(['listZones']);
  expect(await commands('--command', '*virtualmachine?')).toEqual(['listVirtualMachines']);
  expect(await commands('--command', 'no-such*')).toEqual([undefined]);
  expect(await commands('--risk', 'destroy')).toEqual(['destroyVirtualMachine']);
  expect(await commands('--result', 'accepted')).toEqual(['createVirtualMachineFromBackupWithALongName']);
  expect(await commands('--since', '25m')).toEqual(['destroyVirtualMachine', 'listVirtualMachines']);
  expect(await commands('--since', at(15))).toEqual(['listVirtualMachines']);
  expect(await tail('--risk', 'none')).toEqual(['No entry matches.']);
  const missing = await runCommand(['audit', 'tail', `${path}.none`]);
  expect(missing).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('There is no audit log') as string,
  });
  const wrong = await runCommand(['audit', 'tail', path, '--since', 'yesterday']);
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('is not a time') as string });
});

test('follow shows what comes in, through rotation and from processes that begin later, until it is stopped', async () => {
  const { out, stop, ended } = startCommand(['audit', 'tail', path, '-n', '1', '--follow', '--command', 'list*']);
  await eventually(() => expect(out.stdout).toContain('listVirtualMachines'));
  const ledger = openLedger(path, 1000);
  for (const name of ['listHosts', 'listPods', 'deployVirtualMachine'])
    ledger.add(entryOf({ command: name, tool: name }));
  await eventually(() => expect(out.stdout).toContain('listPods'));
  await eventually(() => expect(existsSync(`${path}.000001`)).toBe(true));
  // It was rotated meanwhile; another process begins.
  ledger.add(entryOf({ command: 'listClusters' }));
  const other = openLedger(path);
  other.add(entryOf({ command: 'listNetworks' }));
  await eventually(() => expect(out.stdout).toContain('listClusters'));
  await eventually(() => expect(out.stdout).toContain('listNetworks'));
  stop.abort();
  expect(await ended).toBe(0);
  const shown = out.stdout.match(/list\w+/g);
  expect(shown?.slice().sort()).toEqual([
    'listClusters',
    'listHosts',
    'listNetworks',
    'listPods',
    'listVirtualMachines',
  ]);
  expect(out.stdout).not.toContain('deploy');
  await Promise.all([ledger.close(), other.close()]);
});

test('the page of calls has two hundred entries a page, the newest first, and says whether there are more', async () => {
  const other = openLedger(path);
  for (let n = 0; n < 400; n++)
    other.add(entryOf({ time: at(0), duration: n, call: `call-${n}`, principal: n % 2 ? 'ada' : 'bob' }));
  await other.close();
  const pageOf = (page: number, principal?: string) =>
    readAuditLog({ audit: path }, principal, { verify: false, page });
  const pages = [1, 2, 3, 4].map((page) => pageOf(page));
  expect(pages.map(({ entries }) => entries.length)).toEqual([200, 200, 5, 0]);
  expect(pages.map(({ isMore }) => isMore)).toEqual([true, true, false, false]);
  const shown = pages.flatMap(({ entries }) => entries.map(({ call }) => call));
  expect(shown.slice(0, 3)).toEqual(['call-399', 'call-398', 'call-397']);
  expect(new Set(shown.slice(0, 400)).size).toBe(400);
  expect(pageOf(1, 'bob')).toMatchObject({ isAll: false, isMore: false });
  expect(pageOf(2, 'ada').entries.map(({ principal }) => principal)).toEqual(['ada']);
});
