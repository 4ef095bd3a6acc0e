import { statSync } from 'node:fs';
import { listFiles, listSlots } from '../audit/files.ts';
import { findReceipt, maxLooked } from '../audit/find-receipt.ts';
import { openReceiptKey, publicKeyOf } from '../audit/receipt-key.ts';
import { readTail, type LoggedEntry } from '../audit/tail.ts';
import { auditFiles } from '../audit/targets.ts';
import { verifyLog } from '../audit/verify.ts';
import type { AuditSettings } from '../config/audit.ts';
import type { Config } from '../config/config.ts';

/** What one person is shown of the audit log. */
export interface AuditView {
  /** Newest first. */
  entries: readonly LoggedEntry[];
  /** Whether others' entries are among them. */
  isAll: boolean;
  /** Whether older ones follow on the next page. */
  isMore: boolean;
  /** The state of each log's chain, where it was asked for. */
  chains?: readonly { entries: number; isUnbroken: boolean; problems: readonly string[] }[];
}

const pageEntries = 200;
/** Bytes of a log that is verified while others wait; a larger one is for the command line. */
const maxVerified = maxLooked;

const verify = (path: string) => {
  const bytes = listFiles(path).reduce((sum, file) => sum + statSync(file).size, 0);
  if (bytes > maxVerified)
    return {
      entries: 0,
      isUnbroken: false,
      problems: ['The log is large: verify it at a terminal with audit verify.'],
    };
  const { entries, problems } = verifyLog(path);
  return { entries, isUnbroken: problems.length === 0, problems: problems.slice(0, 10).map(({ what }) => what) };
};

const pathsOf = ({ audit }: Pick<AuditSettings, 'audit'>): string[] => [
  ...new Set(auditFiles(audit).flatMap(listSlots)),
];

/** The receipt of an approval on which a call rests: of what a principal asked for or approved, or of any. Throws a CallError. */
export const readReceipt = (
  config: Pick<Config, 'audit' | 'state' | 'receiptKey'>,
  principal: string | undefined,
  id: string,
): string => findReceipt(pathsOf(config), { id, principal, maxBytes: maxLooked }, () => openReceiptKey(config));

/** The public key with which such receipts are verified. */
export const readReceiptKey = (config: Pick<Config, 'state' | 'receiptKey'>): string =>
  publicKeyOf(openReceiptKey(config));

/** What a list shows of an entry: what a person was asked stands in the receipt. */
const withoutAbout = ({ confirmation, refusal, ...entry }: LoggedEntry): LoggedEntry => ({
  ...entry,
  ...(confirmation && { confirmation: { ...confirmation, about: undefined } }),
  ...(refusal && { refusal: { ...refusal, about: undefined } }),
});

/** Which part of the audit log to show: the first page is the newest. */
export interface AuditAsked {
  verify: boolean;
  page: number;
}

/** Reads a page of this machine's audit log, the newest entries first: a principal's own, or everybody's. */
export const readAuditLog = (
  { audit }: Pick<AuditSettings, 'audit'>,
  principal: string | undefined,
  { verify: isToVerify, page }: AuditAsked,
): AuditView => {
  const paths = pathsOf({ audit });
  // One more than are shown tells whether there are others.
  const last = readTail(paths, page * pageEntries + 1, { principal }).reverse();
  return {
    entries: last.slice((page - 1) * pageEntries, page * pageEntries).map(withoutAbout),
    isAll: principal === undefined,
    isMore: last.length > page * pageEntries,
    ...(isToVerify && principal === undefined
      ? { chains: paths.filter((path) => listFiles(path).length).map(verify) }
      : {}),
  };
};
