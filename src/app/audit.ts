import { createAudit, type Audit } from '../audit/audit.ts';
import { createSinks } from '../audit/sinks.ts';
import type { Config } from '../config/config.ts';
import type { ComposeOptions } from './options.ts';

/** The audit log, observed: what cannot be written is counted, what is written is a step of its call. */
export const openAudit = (
  config: Config,
  isAnswered: (question: string) => Promise<boolean>,
  { observe, tracing, report, stderr }: Pick<ComposeOptions, 'observe' | 'tracing' | 'report' | 'stderr'>,
): Audit => {
  const sinks = createSinks(config, {
    stderr,
    report: (message) => report(`audit: ${message}`),
    otlp: config.otlp,
  });
  const onEntry = (written: boolean): void => observe?.({ type: 'audit', written });
  const audit = createAudit(sinks, config.questionTimeout * 1000, onEntry, isAnswered);
  return tracing ? { ...audit, record: (entry) => tracing.step('audit', () => audit.record(entry)) } : audit;
};
