import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { createLedger } from '../../src/audit/ledger.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder for one test, gone after it. */
export const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-audit-'));
  folders.push(folder);
  return folder;
};

/** An entry as a call leaves it. */
export const entryOf = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  time: new Date().toISOString(),
  call: 'c0ffee00-0000-4000-8000-000000000000',
  principal: 'local',
  host: 'test-host 1.0.0',
  profile: 'default',
  tool: 'list-zones',
  command: 'listZones',
  risk: 'read',
  severity: 'low',
  params: { keyword: 'Zürich' },
  result: 'done',
  duration: 12,
  ...more,
});

/** A log with everything it said. */
export const openLedger = (path: string, limit = 50 * 2 ** 20) => {
  const output: string[] = [];
  const ledger = createLedger(path, limit, (message) => output.push(message));
  return {
    ...ledger,
    said: output,
    add: (entry: AuditEntry) => ledger.write([{ entry, text: JSON.stringify(entry) }])[0],
  };
};
