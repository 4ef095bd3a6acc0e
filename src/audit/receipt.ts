import { sign, verify, type KeyObject } from 'node:crypto';
import { CallError } from '../errors.ts';
import { isRecord } from '../rows.ts';
import { readLine } from './chain.ts';
import { publicKeyOf, readPublicKey } from './receipt-key.ts';
import { replyOf, type LoggedEntry } from './tail.ts';

/** The first line of a receipt. */
interface ReceiptHead {
  /** The form: 1. */
  receipt: number;
  /** When it was signed (ISO 8601). */
  made: string;
  /** Lines of the audit log that follow. */
  entries: number;
  /** The public key with which it is to be verified. */
  key: string;
}

/** What a receipt that was verified says. */
export interface Receipt extends ReceiptHead {
  /** The lines of the log, oldest first: of one call, or of a plan and its steps. */
  lines: readonly LoggedEntry[];
}

/** Bytes of the longest receipt: a plan with all of its steps. */
const maxReceipt = 2 ** 22;

/**
 * A receipt: a line that says what it is, the lines of the audit log as they stand there, and a line with the signature (Ed25519)
 * of all bytes before it.
 */
export const writeReceipt = (lines: readonly string[], key: KeyObject, now: Date = new Date()): string => {
  const head: ReceiptHead = {
    receipt: 1,
    made: now.toISOString(),
    entries: lines.length,
    key: publicKeyOf(key),
  };
  const signed = [JSON.stringify(head), ...lines, ''].join('\n');
  const signature = sign(null, Buffer.from(signed), key).toString('base64url');
  return `${signed}${JSON.stringify({ signature })}\n`;
};

const bad = (message: string): CallError => new CallError('refused', message, 'Ask the sender for the original file.');

const parse = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // No line of a receipt.
  }
  throw bad('It is not a receipt, or a part of it is missing.');
};

const approvalOf = (entry: LoggedEntry): string => {
  const { plan, question, call } = entry;
  const { who, by, at, code } = replyOf(entry) ?? {};
  return JSON.stringify([!entry.confirmation, who, by, at, code, plan ?? question ?? call]);
};

/**
 * Reads a receipt that one of these keys (`ed25519:…`) has signed. Throws a CallError (`refused`) for one that is forged, changed,
 * cut or put together otherwise: every byte counts.
 */
export const readReceipt = (text: string, trusted: readonly string[]): Receipt => {
  if (text.length > maxReceipt) throw bad('It is too long for a receipt.');
  const lines = text.split('\n');
  if (lines.length < 4 || lines.pop() !== '') throw bad('It is not a receipt, or its end is missing.');
  const last = lines.pop()!;
  const [first, ...logged] = lines;
  // Written by this program, and signed: the signature is checked before anything of it is believed.
  const head = parse(first!) as unknown as ReceiptHead;
  const { signature } = parse(last);
  const key = typeof head.key === 'string' ? readPublicKey(head.key) : undefined;
  if (head.receipt !== 1 || !key || typeof signature !== 'string' || JSON.stringify({ signature }) !== last)
    throw bad('This release does not know this form of receipt.');
  if (head.entries !== logged.length)
    throw bad(`It holds ${logged.length} of ${String(head.entries)} entries: a part of it is missing, or was added.`);
  if (!trusted.includes(head.key)) throw bad(`It is signed with another key than expected: ${head.key}.`);
  const signed = Buffer.from([...lines, ''].join('\n'));
  if (!verify(null, signed, key, Buffer.from(signature, 'base64url')))
    throw bad('Its signature does not match: it was changed or forged.');
  const entries = logged.map((line) => {
    const chained = readLine(Buffer.from(line));
    if (!chained?.sound) throw bad('One of its lines is not from an audit log.');
    return parse(line) as unknown as LoggedEntry;
  });
  if (entries.some(({ seq }, at) => at > 0 && seq <= entries[at - 1]!.seq)) throw bad('Its entries are out of order.');
  if (entries.some((entry) => !replyOf(entry)) || new Set(entries.map(approvalOf)).size !== 1)
    throw bad('Its entries are not those of one approval.');
  return { ...head, lines: entries };
};

/** Whether two lines of the log rest on the same approval: a plan and its steps do. */
export const isSameApproval = (one: LoggedEntry, other: LoggedEntry): boolean => approvalOf(one) === approvalOf(other);
