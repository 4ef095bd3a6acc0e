import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { audited, createAudit } from '../../src/audit/audit.ts';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { createStreamCopy } from '../../src/audit/sink.ts';
import { CallError, type ErrorKind } from '../../src/errors.ts';
import { AwaitingReply, type Question } from '../../src/consent.ts';
import { request } from './calls.ts';

const lifetime = 60_000;

const open = () => {
  const lines: string[] = [];
  const audit = createAudit(
    { ledgers: [], copies: [createStreamCopy({ write: (text) => lines.push(text) })] },
    lifetime,
  );
  return { audit, lines, entries: () => lines.map((line) => JSON.parse(line) as AuditEntry) };
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const question: Question = { message: 'Do it?', digest: 'd1' };
const asked = () => Promise.reject(new AwaitingReply(question));

test('a call that is done leaves one line with what the steps learned', async () => {
  const { audit, lines, entries } = open();
  const value = await audited(audit, request('list-zones', { name: 'x' }), (note) => {
    note({ command: 'listZones', requests: 1 });
    vi.advanceTimersByTime(250);
    return Promise.resolve(42);
  });
  expect(value).toBe(42);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]+\n$/);
  expect(entries()[0]).toMatchObject({
    principal: 'local',
    host: 'test',
    profile: 'default',
    tool: 'list-zones',
    command: 'listZones',
    params: { name: 'x' },
    requests: 1,
    result: 'done',
    duration: 250,
  });
});

test('a job that goes on is accepted, not done', async () => {
  const { audit, entries } = open();
  await audited(audit, request('x'), (note) => {
    note({ job: 'j1', pending: true });
    return Promise.resolve();
  });
  expect(entries()).toMatchObject([{ result: 'accepted', job: 'j1' }]);
});

const ends: [ErrorKind, AuditEntry['result']][] = [
  ['invalid', 'refused'],
  ['refused', 'refused'],
  ['unconfirmed', 'refused'],
  ['cancelled', 'cancelled'],
  ['unknown-outcome', 'unknown'],
  ['failed', 'failed'],
  ['timeout', 'failed'],
  ['authentication', 'failed'],
];

test.each(ends)('an error of kind %s is recorded as %s and thrown on', async (kind, result) => {
  const { audit, entries } = open();
  const error = new CallError(kind, 'no', 'hint', { code: 431 });
  await expect(audited(audit, request('x'), () => Promise.reject(error))).rejects.toBe(error);
  expect(entries()).toMatchObject([{ result, error: { kind, code: 431, message: 'no' } }]);
});

test('a bug is recorded as one', async () => {
  const { audit, entries } = open();
  await expect(audited(audit, request('x'), () => Promise.reject(new TypeError('oops')))).rejects.toThrow('oops');
  expect(entries()).toMatchObject([{ result: 'failed', error: { kind: 'bug', message: 'TypeError: oops' } }]);
});

test('no secret gets into the log', async () => {
  const { audit, lines } = open();
  await audited(
    audit,
    request('updateUser', { password: 'hunter2', details: [{ key: 'apikey', value: 'hunter2' }] }),
    () => Promise.resolve(),
  );
  await expect(
    audited(audit, request('x', { url: 'https://bob:hunter2@x/' }), (note) => {
      note({ command: 'registerTemplate', params: { secretkey: 'hunter2', url: 'cifs://x/?password=hunter2' } });
      return Promise.reject(new CallError('failed', 'no', ''));
    }),
  ).rejects.toThrow('no');
  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toContain('hunter2');
});

test('a question that is never answered is recorded when its time is up, once', async () => {
  const { audit, lines, entries } = open();
  await expect(audited(audit, request('x'), asked)).rejects.toBeInstanceOf(AwaitingReply);
  vi.advanceTimersByTime(lifetime - 1);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(entries()).toMatchObject([
    { result: 'refused', error: { kind: 'unconfirmed', message: 'No one answered in time.' } },
  ]);
  vi.advanceTimersByTime(10 * lifetime);
  void audit.close();
  expect(lines).toHaveLength(1);
});

test('an answered question leaves the entry of its second round only', async () => {
  const { audit, lines, entries } = open();
  await expect(audited(audit, request('x'), asked)).rejects.toBeInstanceOf(AwaitingReply);
  await audited(audit, request('x'), (note) => {
    note({
      question: question.digest,
      confirmation: { by: 'elicitation', at: '2026-01-01T00:00:00.000Z', who: 'local' },
    });
    return Promise.resolve();
  });
  vi.advanceTimersByTime(2 * lifetime);
  void audit.close();
  expect(lines).toHaveLength(1);
  expect(entries()[0]).toMatchObject({ result: 'done', confirmation: { by: 'elicitation' } });
});

test('asked twice about the same, one entry is kept and the time begins anew', async () => {
  const { audit, lines } = open();
  await expect(audited(audit, request('x'), asked)).rejects.toThrow();
  vi.advanceTimersByTime(lifetime - 1);
  await expect(audited(audit, request('x'), asked)).rejects.toThrow();
  vi.advanceTimersByTime(lifetime - 1);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(lines).toHaveLength(1);
});

test('what still waits at the end is written', async () => {
  const { audit, entries } = open();
  await expect(audited(audit, request('x'), asked)).rejects.toThrow();
  await expect(
    audited(audit, request('y'), () => Promise.reject(new AwaitingReply({ ...question, digest: 'd2' }))),
  ).rejects.toThrow();
  void audit.close();
  expect(entries()).toMatchObject([
    { tool: 'x', result: 'refused' },
    { tool: 'y', result: 'refused' },
  ]);
});
