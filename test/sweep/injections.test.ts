import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { stripUnsafe } from '../../src/text.ts';
import { openApp, uuid, type Answers } from '../guard/counting.ts';
import { openRaw, type RawAnswer } from '../guard/raw.ts';

const injections = JSON.parse(readFileSync('test/guard/injections.json', 'utf8')) as Record<string, string>;

// Controls but line feed and tab, zero-width, bidirectional, tag and filler characters: written down a second time.
const hidden =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{1d173}-\u{1d17a}]|[\u{e0000}-\u{e0fff}]/u;

/** A cloud in which every text that a tenant chooses is the same. */
const poisoned =
  (text: string): Answers =>
  (command, params) => {
    const tool = loadCatalog().find(command);
    if (!tool?.command.result || command === 'queryAsyncJobResult' || tool.command.async) return undefined;
    const row = {
      id: params['id'] ?? uuid(1),
      name: text,
      displayname: text,
      displaytext: text,
      description: text,
      state: 'Running',
      zonename: text,
      account: text,
      userdata: text,
      annotation: text,
      details: { [text]: text },
      tags: [{ key: text, value: text }],
    };
    const key = [tool.command.key ?? 'item'].flat()[0]!;
    return tool.command.result === 'list' ? { count: 2, [key]: [row, { ...row, id: uuid(2) }] } : { [key]: row };
  };

const textOf = ({ result }: RawAnswer): string => result!.content!.map(({ text }) => text).join('\n');

for (const [what, text] of Object.entries(injections))
  test(`${what}: stands as data, and is clean where a person decides`, async () => {
    const { app, close } = await openApp({}, { answers: poisoned(text) });
    const raw = await openRaw(app);
    const list = await raw.call('read', { tool: 'listVirtualMachines', arguments: { listall: true } });
    const lines = textOf(list).split('\n');
    // One heading, one row of columns, two rows, one note: whatever the cells hold.
    expect(lines[0]).toBe('2 of 2 virtual machines, all accounts, projects left out');
    expect(lines).toHaveLength(5);
    const columns = lines[1]!.split(' | ');
    for (const line of lines.slice(2, 4)) expect(line.split(' | ')).toHaveLength(columns.length);
    expect(lines[2]!.startsWith(uuid(1))).toBe(true);
    expect(lines[3]!.startsWith(uuid(2))).toBe(true);
    expect(lines[4]).toContain('data from the cloud');

    const item = await raw.call('change', { tool: 'createAffinityGroup', arguments: { name: 'x', type: 'y' } });
    for (const line of textOf(item).split('\n').slice(2, -1)) expect(line).toMatch(/^[a-z]+: /);

    // What a person reads before saying yes: ten lines, no quotes but the phrase's own.
    const destroy = await raw.call('destroy', {
      tool: 'destroyVirtualMachine',
      arguments: { id: uuid(1), expunge: true },
    });
    const { message } = destroy.result!.inputRequests!['confirm']!.params;
    expect(message.split('\n').length).toBeLessThanOrEqual(10);
    expect([...message.matchAll(/"/g)]).toHaveLength(2);
    expect(message).not.toMatch(/[\n]\s*(system|human|assistant)\s*:/i);
    expect(message.length).toBeLessThan(2500);

    // Names in errors and hints: what there is, what is meant twice.
    const none = await raw.call('read', { tool: 'listVirtualMachines', arguments: { id: 'no-such-name' } });
    const twice = await raw.call('read', {
      tool: 'listVirtualMachines',
      arguments: { id: stripUnsafe(text).trim() || 'x' },
    });
    // What was asked over all rows, what is wrong with a thing, what someone who types is offered.
    const over = { tool: 'listVirtualMachines', arguments: { listall: true } };
    const others = [
      await raw.call('read', { ...over, where: 'name = "no-such-name"' }),
      await raw.call('read', { ...over, group: ['name', 'max(displayname)'] }),
      await raw.call('read', { ...over, where: `zonename = ${JSON.stringify(text)}`, sort: '-name' }),
      await raw.call('diagnose', { kind: 'virtual-machine', id: uuid(1), question: text }),
      await raw.complete('destroyVirtualMachine', { name: 'id', value: '' }),
    ];
    for (const answer of [list, item, destroy, none, twice, ...others]) {
      const whole = JSON.stringify(answer);
      const strings = JSON.stringify(JSON.parse(whole), (_key, value: unknown) => value);
      expect(strings).not.toMatch(hidden);
      expect(strings).not.toMatch(/\\u00(0[0-8b-f]|1)/);
      expect(whole.isWellFormed()).toBe(true);
      expect(answer.result).toBeDefined();
    }
    // What there is stands beside the hint, which is ours, and says that it is data.
    for (const { result } of [none, twice]) {
      if (!result?.isError) continue;
      const error = result.structuredContent!['error'] as { hint: string; candidates?: string[] };
      expect(error.hint).toMatch(
        /^Give the (name or the id of an existing one|id of the one you mean)\. Nothing was sent\.$/,
      );
      for (const candidate of error.candidates!) expect(candidate).toMatch(/‹[^‹›",]*›\)?$/);
      const [first, hint, there, note, ...others] = textOf({ result }).split('\n');
      expect(first).toMatch(/^(not-found|invalid): id: /);
      expect(hint).toBe(error.hint);
      expect(there).toBe(`Available (data from the cloud): ${error.candidates!.join(', ')}`);
      expect(note).toContain('data from the cloud');
      expect(others).toEqual([]);
    }
    await raw.close();
    await close();
  });

const marker = 'Zz9';

/** Calls that fail, each with a text of others in another place of it. */
const failing = (text: string): [tool: string, args: Record<string, unknown>][] => [
  ['read', { tool: text }],
  ['read', { tool: 'listZones', profile: text }],
  ['read', { tool: 'listZones', arguments: { [text]: text } }],
  ['read', { tool: 'listZones', [text]: text }],
  ['read', { tool: 'listVirtualMachines', arguments: { id: text } }],
  ['read', { tool: 'listVirtualMachines', arguments: { pagesize: text } }],
  ['read', { tool: 'listEvents', arguments: { startdate: text } }],
  ['read', { tool: 'stopVirtualMachine', arguments: { id: text } }],
  ['change', { tool: 'createTags', arguments: { resourceids: [text], resourcetype: 'UserVm', tags: [] } }],
  ['change', { tool: 'createFirewallRule', arguments: { ipaddressid: uuid(1), cidrlist: text, protocol: text } }],
  ['destroy', { tool: 'destroyVirtualMachine', arguments: { id: text } }],
  ['destroy', { tool: 'deleteVolume', arguments: { id: uuid(1), [text]: true } }],
  ['wait-for-job', { job: text }],
  ['find-tools', { query: 'x', toolset: text }],
  ['describe-tools', { tools: [text] }],
  [text, {}],
];

test.each(Object.entries(injections))(
  '%s: no error has it in its hint, on a line of its own or as a code',
  async (_what, text) => {
    const hostile = `${marker}${text}${marker}`;
    const clouds: Answers[] = [poisoned(hostile), () => ({ errorcode: 431, errortext: hostile })];
    for (const answers of clouds) {
      const { app, sent, close } = await openApp({}, { answers });
      const raw = await openRaw(app, { elicits: false });
      for (const [tool, args] of failing(hostile)) {
        const { result, error } = await raw.call(tool, args);
        const what = JSON.stringify([tool, args]);
        if (error) {
          expect(error.message, what).not.toMatch(hidden);
          expect(error.message, what).not.toContain('\n');
          continue;
        }
        expect(result!.isError, what).toBe(true);
        const { message, hint, candidates = [] } = result!.structuredContent!['error'];
        expect(hint, what).not.toContain(marker);
        for (const one of [message, hint, ...candidates]) {
          expect(one, what).not.toMatch(hidden);
          expect(one, what).not.toMatch(/[\n\t]/);
        }
        const lines = textOf({ result: result! }).split('\n');
        expect(lines.length, what).toBeLessThanOrEqual(4);
        if (candidates.length || message.includes('431')) expect(lines.at(-1), what).toContain('not instructions');
      }
      expect(sent.filter(({ command }) => !command.startsWith('list'))).toEqual([]);
      await raw.close();
      await close();
    }
  },
);

test("CloudStack's error texts are cleaned, too", async () => {
  for (const text of Object.values(injections)) {
    const { app, close } = await openApp({}, { answers: () => ({ errorcode: 431, errortext: text }) });
    const raw = await openRaw(app);
    const answer = await raw.call('read', { tool: 'listVirtualMachines' });
    expect(JSON.stringify(answer)).not.toMatch(hidden);
    // What failed, what to do, and that others' words are in it: lines of theirs are none of ours.
    const lines = textOf(answer).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain('data from the cloud');
    await raw.close();
    await close();
  }
});
