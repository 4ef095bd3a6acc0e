import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { listSlots, logOf } from '../audit/files.ts';
import { findReceipt } from '../audit/find-receipt.ts';
import { hasLink } from '../audit/find-link.ts';
import { openReceiptKey, publicKeyOf, readPublicKey } from '../audit/receipt-key.ts';
import { readReceipt, type Receipt } from '../audit/receipt.ts';
import { readTail, replyOf, type LoggedEntry } from '../audit/tail.ts';
import { auditFiles } from '../audit/targets.ts';
import type { Config } from '../config/config.ts';
import { CallError, explainError } from '../errors.ts';
import { toLabel, toQuoted } from '../text.ts';
import { exit, printJson, printLine, printText, type Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { toTable } from './table.ts';

const pathsOf = ({ audit }: Config): string[] => [...new Set(auditFiles(audit).flatMap(listSlots))];

const meansOf = (entry: LoggedEntry): string => {
  const { means, by = '' } = replyOf(entry) ?? {};
  return means ?? by;
};

const listed = 20;

/** `receipt list`: the last calls that a person confirmed or refused. */
export const listReceipts = async (settings: Record<string, unknown>, io: Io): Promise<number> => {
  const entries = readTail(pathsOf(await openConfig(settings, io)), listed, { isConfirmed: true });
  if (!entries.length) {
    await printText(io.stdout, 'No call that a person approved or refused is in the audit log.');
    return exit.done;
  }
  const rows = entries.reverse().map((entry) => ({
    call: entry.call,
    what: entry.command ?? entry.tool,
    result: entry.result,
    'asked by': entry.principal,
    'answered by': `${entry.refusal ? 'no: ' : ''}${replyOf(entry)?.who} (${meansOf(entry)})`,
  }));
  const room = io.stdout.isTTY ? (io.stdout.columns ?? 80) : undefined;
  await printText(io.stdout, toTable(rows, ['call', 'what', 'result', 'asked by', 'answered by'], room));
  return exit.done;
};

/** `receipt show CALL`: the receipt as it is, for a file. */
export const showReceipt = async (id: string, settings: Record<string, unknown>, io: Io): Promise<number> => {
  const config = await openConfig(settings, io);
  const receipt = findReceipt(pathsOf(config), { id }, () => openReceiptKey(config));
  await printLine(io.stdout, receipt.slice(0, -1));
  return exit.done;
};

/** `receipt key`: the public key of this machine. */
export const printReceiptKey = async (settings: Record<string, unknown>, io: Io): Promise<number> => {
  await printLine(io.stdout, publicKeyOf(openReceiptKey(await openConfig(settings, io))));
  return exit.done;
};

/** Flags of `receipt verify`. */
export interface ReceiptFlags {
  settings: Record<string, unknown>;
  key?: string;
  against?: string;
  json?: boolean;
}

const trustedKeys = async ({ key, settings }: ReceiptFlags, io: Io): Promise<string[]> => {
  if (key !== undefined && !readPublicKey(key))
    throw new CallError('invalid', `${toLabel(key)} is not a key.`, 'A key is ed25519: and 43 characters.');
  return [key ?? publicKeyOf(openReceiptKey(await openConfig(settings, io)))];
};

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CallError('invalid', `${toLabel(file)} cannot be read: ${(cause as Error).message}`, '', { cause });
  }
};

const checkLog = ({ lines }: Receipt, log: string): void => {
  const path = logOf(resolve(log));
  const missing = lines.find((entry) => !hasLink(path, entry));
  if (missing)
    throw new CallError(
      'refused',
      `Its entry ${missing.seq} is not in ${toLabel(log)}.`,
      'Name the log of that server.',
    );
};

const describe = (entry: LoggedEntry): string[] => {
  const { seq, hash, principal, host, profile, endpoint, command, tool, params, result, error } = entry;
  const reply = replyOf(entry);
  const by = `${toQuoted(reply?.who ?? '', 60)} (${meansOf(entry)}), ${reply?.at}`;
  const { refusal } = entry;
  return [
    `${command ?? tool}: ${result}${error ? ` (${toLabel(error.message, 200)})` : ''}, ${entry.time}`,
    `  asked by ${toQuoted(principal ?? '', 60)} through ${toQuoted(host ?? '', 60)}, profile ${toQuoted(profile ?? '', 60)}, on ${toLabel(endpoint ?? '', 100)}`,
    `  ${refusal ? 'refused' : 'approved'} by ${by}${reply?.code ? `, code ${reply.code}` : ''}`,
    ...(refusal?.reason ? [`  because ${toQuoted(refusal.reason, 1000)}`] : []),
    `  digest of what was asked: ${entry.plan ?? entry.question}`,
    ...(reply?.about?.split('\n') ?? []).map((line) => `  | ${toLabel(line, 1000)}`),
    `  with ${toLabel(JSON.stringify(params), 1000)}`,
    `  entry ${seq} of the audit log, ${hash}`,
  ];
};

/** `receipt verify FILE`: what a receipt proves; 1 where it proves nothing. */
export const verifyReceipt = async (file: string, flags: ReceiptFlags, io: Io): Promise<number> => {
  const text = readText(file);
  const trusted = await trustedKeys(flags, io);
  try {
    const receipt = readReceipt(text, trusted);
    if (flags.against !== undefined) checkLog(receipt, flags.against);
    if (flags.json) await printJson(io.stdout, { file, isGenuine: true, ...receipt });
    else
      for (const line of [
        `${toLabel(file)}: genuine, signed ${receipt.made} with ${receipt.key}`,
        ...receipt.lines.flatMap(describe),
      ])
        await printText(io.stdout, line);
    return exit.done;
  } catch (error) {
    if (!(error instanceof CallError) || error.kind !== 'refused') throw error;
    if (flags.json) await printJson(io.stdout, { file, isGenuine: false, problem: error.message });
    else await printText(io.stdout, `${toLabel(file)}: ${explainError(error, 'person')}`);
    return exit.failed;
  }
};
