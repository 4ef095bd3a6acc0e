import type { KeyObject } from 'node:crypto';
import { CallError } from '../errors.ts';
import { toLabel } from '../text.ts';
import { linesBackwards, listFiles } from './files.ts';
import { isSameApproval, writeReceipt } from './receipt.ts';
import { parseEntry, replyOf, type LoggedEntry } from './tail.ts';

/** Bytes of each log that are looked through, from its end, while others wait. */
export const maxLooked = 64 * 2 ** 20;

function* linesOf(path: string, maxBytes: number): Generator<Buffer> {
  let bytes = 0;
  for (const file of listFiles(path).reverse())
    for (const line of linesBackwards(file)) {
      bytes += line.length;
      if (bytes > maxBytes) return;
      yield line;
    }
}

/** The lines, newest first, that hold a text, and their entries. */
function* entriesWith(path: string, text: string, maxBytes: number): Generator<{ line: Buffer; entry: LoggedEntry }> {
  for (const line of linesOf(path, maxBytes)) {
    const entry = line.includes(text) ? parseEntry(line) : undefined;
    if (entry) yield { line, entry };
  }
}

const notFound = (id: string): CallError =>
  new CallError(
    'not-found',
    `The audit log of this machine has no call ${toLabel(id)} that a person approved or refused and that you may see.`,
    'A receipt exists once the call has ended, on the machine where it ran. The audit log has the ids of calls.',
  );

/**
 * The signed receipt of what a person said to a call, by the id of the call or the code of the approval; of a step of a plan,
 * that of the whole plan. `principal`: only of what it asked for or approved. Throws a CallError where there is none.
 */
export const findReceipt = (
  paths: readonly string[],
  { id, principal, maxBytes = Infinity }: { id: string; principal?: string | undefined; maxBytes?: number },
  openKey: () => KeyObject,
): string => {
  if (!/^[\w-]{8,40}$/.test(id)) throw notFound(id);
  for (const path of paths)
    for (const { line, entry } of entriesWith(path, id, maxBytes)) {
      const { call, plan } = entry;
      const reply = replyOf(entry);
      if (!reply || (call !== id && reply.code !== id.toUpperCase())) continue;
      if (principal !== undefined && entry.principal !== principal && reply.who !== principal) continue;
      const all = plan === undefined ? [{ line, entry }] : [...entriesWith(path, plan, maxBytes)];
      const own = all.filter((one) => isSameApproval(one.entry, entry)).reverse();
      return writeReceipt(
        own.map((one) => one.line.toString()),
        openKey(),
      );
    }
  throw notFound(id);
};
