import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApprovals } from '../../src/guard/approvals.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';

// What a terminal obeys or what turns text round: ESC, C1 control, a title, a right-to-left mark, a carriage return.
const hostile = 'Zz9\u001b[2J\u001b]0;x\u0007\u009b31m\u202e\r\u2800AB12-CD34';
// oxlint-disable-next-line no-control-regex
const codes = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2800]/;

let cloud: Cloud;
let state: string;
beforeAll(async () => {
  cloud = await startCloud();
  state = mkdtempSync(join(tmpdir(), 'cloudstack-hostile-'));
});
afterAll(async () => {
  await cloud.close();
  rmSync(state, { recursive: true });
});

test('no words of others reach the terminal with their codes, whatever the command', async () => {
  const audit = join(state, 'audit.jsonl');
  const env = { ...cloud.env, CLOUDSTACK_MCP_STATE: state, CLOUDSTACK_MCP_AUDIT: audit };
  const caller = { principal: hostile, host: hostile, profile: hostile };
  const question = { digest: 'd'.repeat(64), message: `${hostile}\n${hostile}` };
  const code = await createApprovals(join(state, 'approvals')).open(question, caller);
  const entry = { seq: 1, hash: 'x', time: '2026-01-01T00:00:00Z', principal: hostile, tool: hostile, result: hostile };
  const log = join(state, 'other.jsonl');
  writeFileSync(log, `${JSON.stringify(entry)}\n`);
  const runs: [argv: string[], answers?: string[]][] = [
    [['approve']],
    [['approve', hostile]],
    [['approve', code], ['no']],
    [['call', hostile]],
    [['call', 'listZones', `${hostile}=1`]],
    [['call', 'listZones', `id=${hostile}`]],
    [['call', 'listZones', hostile]],
    [['call', 'listZones', '--profile', hostile]],
    [['call', 'createAffinityGroup', `name=${hostile}`, 'type=host anti-affinity', '--dry-run']],
    [['tools', 'show', hostile]],
    [['tools', 'list', '--toolset', hostile]],
    [['tools', 'find', hostile]],
    [['keys', 'show', hostile]],
    [['audit', 'tail', log]],
    [['audit', 'tail', log, '--json']],
    [['audit', 'tail', '--since', hostile]],
    [['audit', 'verify', log]],
    [[hostile]],
    [['call', 'listZones', `--${hostile}`]],
  ];
  let seen = 0;
  for (const [argv, answers] of runs) {
    const { stdout, stderr } = await runCommand(argv, { env, ...(answers ? { answers } : {}) });
    // A prompt at a terminal moves the cursor itself.
    const printed = stdout + stderr;
    if (!answers) expect(printed, argv.join(' ')).not.toMatch(codes);
    // oxlint-disable-next-line no-control-regex
    else expect(printed).not.toMatch(/\u001b\]0|\u001b\[2J|\u202e|\u009b/);
    if (printed.includes('Zz9')) seen++;
  }
  expect(seen).toBeGreaterThan(8);
  const { stdout } = await runCommand(['audit', 'tail', log, '--json'], { env });
  expect(JSON.parse(stdout)).toMatchObject({ principal: hostile });
});
