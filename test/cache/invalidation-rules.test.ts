import { describe, expect, test } from 'vitest';
import { lifetimeOf } from '../../src/cache/lifetimes.ts';

import { canonicalKind, rowKindOf } from '../../src/cache/canonical-kinds.ts';
import { loadDependencies } from '../../src/cache/dependencies.ts';
import { invalidatedBy, invalidatedByEvent, type InvalidationRules } from '../../src/cache/invalidation-rules.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findKind, kindOfParameter } from '../../src/catalog/kinds.ts';
import { loadToolsets } from '../../src/catalog/tool.ts';
import type { ResponseType } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { changes, cachedReads } from './cloud.ts';

const rules = loadData<
  InvalidationRules & { canonicalKinds: Record<string, string>; fieldKinds: Record<string, string> }
>('invalidations.json');
const cache = loadData<{ toolsets: Record<string, string>; commands: Record<string, string>; jobs: object }>(
  'cache.json',
);
const events = loadData<Record<string, string>>('events.json');
const { tools, find } = loadCatalog();

describe('every change', () => {
  test('makes stale what it answers with and what it takes the id of', () => {
    const missing: string[] = [];
    for (const { command } of changes) {
      const invalidated = invalidatedBy(command.name);
      // Commands that only give out secrets change nothing.
      if (invalidated === 'everything' || (command.get && !rules.commands[command.name])) continue;
      const needed = rules.withoutSubject.includes(command.response) ? [] : [rowKindOf(command)];
      for (const parameter of command.params) {
        const kind = kindOfParameter(command, parameter);
        const isOwn = parameter.name === 'id' || parameter.name === 'ids';
        if (kind && (isOwn || !rules.containers.includes(canonicalKind(kind.name))))
          needed.push(canonicalKind(kind.name));
      }
      for (const kind of needed) if (!invalidated.has(kind)) missing.push(`${command.name}: ${kind}`);
      if (!invalidated.size) missing.push(`${command.name}: anything at all`);
    }
    expect(missing).toEqual([]);
  });

  test('makes stale every answer that shows something of that', () => {
    const missing: string[] = [];
    for (const { command } of changes) {
      const invalidated = invalidatedBy(command.name);
      if (invalidated === 'everything' || !invalidated.size || rules.withoutSubject.includes(command.response))
        continue;
      for (const [view, shown] of loadDependencies())
        if (shown.has(rowKindOf(command)) && !invalidated.has(view)) missing.push(`${command.name}: ${view}`);
    }
    expect(missing).toEqual([]);
  });

  test('that is unknown makes everything stale', () => {
    expect(invalidatedBy('someVendorsCommand')).toBe('everything');
    // Another spelling of a known command is not that command.
    expect(invalidatedBy('update-zone')).toBe('everything');
  });

  test('leaves something, if it is an everyday one', () => {
    for (const command of ['startVirtualMachine', 'createVolume', 'createSnapshot', 'createFirewallRule'])
      for (const kind of ['Zone', 'ServiceOffering', 'DiskOffering', 'NetworkOffering', 'GuestOS', 'Capabilities']) {
        const invalidated = invalidatedBy(command);
        expect([command, kind, invalidated === 'everything' || invalidated.has(kind)]).toEqual([command, kind, false]);
      }
  });
});

test('nothing is kept that tells of the moment, gives out secrets or changes something', () => {
  const never = [
    'listEvents',
    'listAlerts',
    'listAsyncJobs',
    'queryAsyncJobResult',
    'listCapacity',
    'listUsageRecords',
  ];
  for (const command of never) expect([command, lifetimeOf(command)]).toEqual([command, undefined]);
  for (const { command, risk } of tools) {
    if (risk.risk !== 'read' || /Metrics$|UsageHistory$|^quota|^find/.test(command.name))
      expect([command.name, lifetimeOf(command.name)]).toEqual([command.name, undefined]);
  }
  expect(lifetimeOf('listOfAVendor')).toBeUndefined();
});

test('every toolset says how long its reads are kept, and the data name what there is', () => {
  const classes = ['lists', 'infrastructure', 'configuration', 'never'];
  expect(Object.keys(cache.toolsets)).toEqual(loadToolsets().map(({ name }) => name));
  for (const value of [...Object.values(cache.toolsets), ...Object.values(cache.commands)])
    expect(classes).toContain(value);
  for (const command of [
    ...Object.keys(cache.commands),
    ...Object.keys(cache.jobs),
    ...Object.keys(rules.commands),
    ...rules.everything.commands,
    ...Object.keys(events),
  ])
    expect([command, find(command)?.command.name]).toEqual([command, command]);
  for (const toolset of rules.everything.toolsets) expect(Object.keys(cache.toolsets)).toContain(toolset);
  // An exception that says what its toolset says is none.
  for (const [command, value] of Object.entries(cache.commands))
    expect([command, cache.toolsets[find(command)!.toolset]]).not.toEqual([command, value]);
  for (const command of Object.keys(events))
    expect([command, find(command)!.command.event]).toEqual([command, undefined]);

  const kinds = new Set([
    ...loadData<ResponseType[]>('responses.json').map(({ name }) => canonicalKind(name)),
    ...tools.flatMap(({ command }) => (command.entity ?? []).map(canonicalKind)),
    ...Object.values(rules.canonicalKinds),
  ]);
  const named = [
    ...Object.values(rules.changedTogether).flat(),
    ...Object.keys(rules.changedTogether),
    ...Object.values(rules.countedBy).flat(),
    ...Object.values(rules.commands).flat(),
    ...Object.values(rules.eventPrefixes).flat(),
    ...Object.values(rules.fieldKinds),
    ...rules.containers,
  ];
  for (const kind of named)
    expect([kind, kinds.has(kind) || findKind(kind) !== undefined, canonicalKind(kind)]).toEqual([kind, true, kind]);
});

test('an event tells what its commands touch; an unknown one, everything', () => {
  for (const { command } of tools) {
    if (command.get || command.auth) continue;
    for (const type of [command.event ?? events[command.name] ?? []].flat()) {
      const received = invalidatedByEvent(type);
      const invalidated = invalidatedBy(command.name);
      if (received === 'everything') continue;
      expect([
        command.name,
        type,
        invalidated === 'everything' || [...invalidated].every((kind) => received.has(kind)),
      ]).toEqual([command.name, type, true]);
      expect([command.name, invalidated]).not.toEqual([command.name, 'everything']);
    }
  }
  expect(invalidatedByEvent('SOMETHING.NEW')).toBe('everything');
  expect(invalidatedByEvent('')).toBe('everything');
  expect(invalidatedByEvent('USER.LOGIN')).toEqual(new Set());
  expect(invalidatedByEvent('VM.SOMETHING.NEW')).toEqual(invalidatedByEvent('VM.ANOTHER'));
});

test('what is kept is most of what is read', () => {
  expect(cachedReads.length).toBeGreaterThan(150);
});
