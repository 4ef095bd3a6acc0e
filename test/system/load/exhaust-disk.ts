import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until, type Checks } from '../checks.ts';
import { createLedger, describeVerdict, isClean } from './ledger.ts';
import { openHost, type Stage } from './stage.ts';
import { makeVolume } from './traffic.ts';

/** A folder that can be filled, and emptied again. */
interface Disk {
  folder: string;
  /** As `ulimit` takes it, where no small disk could be had. */
  limit?: string;
  fill(pid: number): void;
  empty(pid: number): void;
  close(): void;
}

const run = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** A small disk in memory where that may be had, otherwise a limit on the size of files. */
const openDisk = (stage: Stage): Disk => {
  const folder = join(stage.folder, 'disk');
  mkdirSync(folder);
  const filler = join(folder, 'filler');
  if (run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'none', folder))
    return {
      folder,
      fill: () => {
        try {
          writeFileSync(filler, Buffer.alloc(8 << 20));
        } catch {
          // Full is what it was to become.
        }
      },
      empty: () => rmSync(filler),
      close: () => void run('umount', folder),
    };
  const limitTo = (size: string) => (pid: number) => {
    if (!run('prlimit', '--pid', String(pid), `--fsize=${size}`))
      throw new Error('prlimit is needed where nothing can be mounted');
  };
  return { folder, fill: limitTo('1024:unlimited'), empty: limitTo('unlimited:unlimited'), close: () => undefined };
};

/** No room for the audit log: no change leaves without its entry; reads go on; with room again, all is well. */
export const exhaustDisk = async (checks: Checks, stage: Stage): Promise<void> => {
  const disk = openDisk(stage);
  const server = await stage.serve('disk', { flags: ['--audit', join(disk.folder, 'audit.jsonl')] });
  const host = openHost(stage, server.origin, 20);
  const ledger = createLedger(`disk-${Date.now().toString(36)}`);
  const change = () => makeVolume(host, stage, ledger);
  try {
    const before = await change();
    disk.fill(server.pid);
    const refused = [await change(), await change()];
    const read = await host.call('read', { tool: 'list-zones' });
    checks.check(
      'disk full: changes are refused, reads are answered, the server runs',
      before.kind === 'ok' && refused.every(({ kind }) => kind !== 'ok') && read.kind === 'ok' && server.isRunning(),
      `before ${before.kind}, full: change ${refused.map(({ kind }) => kind).join(', ')}, read ${read.kind}: ${refused[0]!.text.slice(0, 120)}`,
    );
    disk.empty(server.pid);
    const healed = await until(async () => (await change()).kind === 'ok', 5000);
    const verdict = await ledger.audit(stage.cloud);
    checks.check(
      'disk full: with room again changes leave, and none left before',
      healed !== undefined && isClean(verdict),
      `after ${healed} ms; ${describeVerdict(verdict)}`,
    );
  } finally {
    await host.close();
    await server.stop();
    disk.close();
  }
};
