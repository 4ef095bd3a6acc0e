import type { AuditSettings } from '../config/audit.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { OtlpOptions } from './open-otlp.ts';
import { createOtlpCopy } from './otlp.ts';
import { createStreamCopy, type Copy, type Report } from './sink.ts';
import { createStreamLedger, type LineStream } from './stream-ledger.ts';
import { createSyslogCopy } from './syslog.ts';
import { parseTargets } from './targets.ts';

/** What the places of the audit log need. */
export interface SinkOptions {
  stderr: LineStream;
  report: Report;
  otlp: OtlpOptions;
}

/** Every place of the audit log: those that must be kept, and those that get copies. */
export interface Sinks {
  ledgers: readonly Ledger[];
  copies: readonly Copy[];
}

/** Opens nothing yet: a file is made with its first entry. Throws a configuration error for a place that is none. */
export const createSinks = ({ audit, auditRotate }: AuditSettings, { stderr, report, otlp }: SinkOptions): Sinks => {
  const ledgers: Ledger[] = [];
  const copies: Copy[] = [];
  const onNote = (line: string): void => {
    for (const copy of copies) copy.write(line, { time: new Date().toISOString() });
  };
  const targets = parseTargets(audit);
  const hasFile = targets.some(({ kind }) => kind === 'file');
  for (const target of targets) {
    if (target.kind === 'file') ledgers.push(createLedger(target.path, auditRotate * 2 ** 20, report, onNote));
    else if (target.kind === 'stderr' && hasFile) copies.push(createStreamCopy(stderr));
    else if (target.kind === 'stderr') ledgers.push(createStreamLedger(stderr));
    else if (target.kind === 'otlp') copies.push(createOtlpCopy(otlp, report));
    else copies.push(createSyslogCopy(target, report));
  }
  return { ledgers, copies };
};
