import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, requiredOf, yes, type Answers } from '../guard/counting.ts';

const failureOf = (promise: Promise<unknown>): Promise<Partial<CallError>> =>
  promise.then(
    () => ({ message: 'done' }),
    (error: unknown) => (error instanceof CallError ? error : { message: String(error) }),
  );

test('over the catalog: what answers success: false has failed, in its own words and in the audit log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-failed-'));
  const audit = join(folder, 'audit.jsonl');
  const no = { success: false, displaytext: 'Backup of the host is under way' };
  const commands = loadCatalog().tools.filter(({ command: { result, params } }) => {
    const takesJob = params.some(({ name }) => name === 'jobid');
    return result === 'success' && !takesJob;
  });
  const named = new Set(commands.map(({ command }) => command.name));
  const answers: Answers = (command, { jobid }) => {
    if (command === 'queryAsyncJobResult') return { jobid, jobstatus: 1, jobresult: no };
    return named.has(command) && !loadCatalog().find(command)!.command.async ? no : undefined;
  };
  const { app, times, close } = await openApp({}, { answers, env: { CLOUDSTACK_MCP_AUDIT: audit } });
  for (const { command } of commands) {
    const { kind, message } = await failureOf(app.call(requestOf(command.name, requiredOf(command), { consent: yes })));
    expect(kind, `${command.name}: ${message}`).toBe('failed');
    expect(message, command.name).toContain(no.displaytext);
    expect(times(command.name), command.name).toBe(1);
  }
  await close();
  const entries = readFileSync(audit, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
  const results = new Map(entries.map(({ command, result }) => [command, result]));
  for (const { command, risk } of commands)
    if (risk.risk !== 'read') expect(results.get(command.name), command.name).toBe('failed');
  rmSync(folder, { recursive: true });
});
