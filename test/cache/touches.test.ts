import { describe, expect, test } from 'vitest';
import { lifetimeOf } from '../../src/cache/lifetimes.ts';
import { plain } from '../../src/cache/plain.ts';
import { loadViews, viewOf } from '../../src/cache/shows.ts';
import { touchedBy, touchedByEvent } from '../../src/cache/touches.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findKind, kindOfParameter } from '../../src/catalog/kinds.ts';
import { loadToolsets } from '../../src/catalog/tool.ts';
import type { ResponseType } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { changes, keptReads } from './cloud.ts';

const touches = loadData<{
  same: Record<string, string>;
  nothing: string[];
  around: string[];
  making: string[];
  along: Record<string, string[]>;
  figures: Record<string, string[]>;
  everything: { toolsets: string[]; commands: string[] };
  commands: Record<string, string[]>;
  fields: Record<string, string>;
  events: Record<string, string[]>;
}>('touches.json');
const cache = loadData<{ toolsets: Record<string, string>; commands: Record<string, string>; jobs: object }>(
  'cache.json',
);
const events = loadData<Record<string, string>>('events.json');
const { tools, find } = loadCatalog();

describe('every change', () => {
  test('makes stale what it answers with and what it takes the id of', () => {
    const missing: string[] = [];
    for (const { command } of changes) {
      const touched = touchedBy(command.name);
      // Commands that only give out secrets change nothing.
      if (touched === 'everything' || (command.get && !touches.commands[command.name])) continue;
      const needed = touches.nothing.includes(command.response) ? [] : [viewOf(command)];
      for (const parameter of command.params) {
        const kind = kindOfParameter(command, parameter);
        const isOwn = parameter.name === 'id' || parameter.name === 'ids';
        if (kind && (isOwn || !touches.around.includes(plain(kind.name)))) needed.push(plain(kind.name));
      }
      for (const kind of needed) if (!touched.has(kind)) missing.push(`${command.name}: ${kind}`);
      if (!touched.size) missing.push(`${command.name}: anything at all`);
    }
    expect(missing).toEqual([]);
  });

  test('makes stale every answer that shows something of that', () => {
    const missing: string[] = [];
    for (const { command } of changes) {
      const touched = touchedBy(command.name);
      if (touched === 'everything' || !touched.size || touches.nothing.includes(command.response)) continue;
      for (const [view, shown] of loadViews())
        if (shown.has(viewOf(command)) && !touched.has(view)) missing.push(`${command.name}: ${view}`);
    }
    expect(missing).toEqual([]);
  });

  test('that is unknown makes everything stale', () => {
    expect(touchedBy('someVendorsCommand')).toBe('everything');
    // Another spelling of a known command is not that command.
    expect(touchedBy('update-zone')).toBe('everything');
  });

  test('leaves something, if it is an everyday one', () => {
    for (const command of ['startVirtualMachine', 'createVolume', 'createSnapshot', 'createFirewallRule'])
      for (const kind of ['Zone', 'ServiceOffering', 'DiskOffering', 'NetworkOffering', 'GuestOS', 'Capabilities']) {
        const touched = touchedBy(command);
        expect([command, kind, touched === 'everything' || touched.has(kind)]).toEqual([command, kind, false]);
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
    ...Object.keys(touches.commands),
    ...touches.everything.commands,
    ...Object.keys(events),
  ])
    expect([command, find(command)?.command.name]).toEqual([command, command]);
  for (const toolset of touches.everything.toolsets) expect(Object.keys(cache.toolsets)).toContain(toolset);
  // An exception that says what its toolset says is none.
  for (const [command, value] of Object.entries(cache.commands))
    expect([command, cache.toolsets[find(command)!.toolset]]).not.toEqual([command, value]);
  for (const command of Object.keys(events))
    expect([command, find(command)!.command.event]).toEqual([command, undefined]);

  const kinds = new Set([
    ...loadData<ResponseType[]>('responses.json').map(({ name }) => plain(name)),
    ...tools.flatMap(({ command }) => (command.entity ?? []).map(plain)),
    ...Object.values(touches.same),
  ]);
  const named = [
    ...Object.values(touches.along).flat(),
    ...Object.keys(touches.along),
    ...Object.values(touches.figures).flat(),
    ...Object.values(touches.commands).flat(),
    ...Object.values(touches.events).flat(),
    ...Object.values(touches.fields),
    ...touches.around,
  ];
  for (const kind of named)
    expect([kind, kinds.has(kind) || findKind(kind) !== undefined, plain(kind)]).toEqual([kind, true, kind]);
});

test('an event tells what its commands touch; an unknown one, everything', () => {
  for (const { command } of tools) {
    if (command.get || command.auth) continue;
    for (const type of [command.event ?? events[command.name] ?? []].flat()) {
      const told = touchedByEvent(type);
      const touched = touchedBy(command.name);
      if (told === 'everything') continue;
      expect([command.name, type, touched === 'everything' || [...touched].every((kind) => told.has(kind))]).toEqual([
        command.name,
        type,
        true,
      ]);
      expect([command.name, touched]).not.toEqual([command.name, 'everything']);
    }
  }
  expect(touchedByEvent('SOMETHING.NEW')).toBe('everything');
  expect(touchedByEvent('')).toBe('everything');
  expect(touchedByEvent('USER.LOGIN')).toEqual(new Set());
  expect(touchedByEvent('VM.SOMETHING.NEW')).toEqual(touchedByEvent('VM.ANOTHER'));
});

test('what is kept is most of what is read', () => {
  expect(keptReads.length).toBeGreaterThan(150);
});
