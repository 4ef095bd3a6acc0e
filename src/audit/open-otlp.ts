import { SeverityNumber, type LogRecord } from '@opentelemetry/api-logs';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { CopiedEntry, Copy } from './sink.ts';

/** Where OTLP over HTTP goes, as OpenTelemetry's variables say it. */
export interface OtlpOptions {
  /** The whole address of the logs signal. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** `service.name` of the resource. */
  service: string;
}

/** Entries that wait for a collector at most, and how many go to it at once. */
const maxWaiting = 4096;
const batchSize = 512;
const sendIntervalMs = 1000;
/** For one batch, all its attempts included. */
const exportTimeoutMs = 10_000;
/** How long the end of the process waits for a collector. */
const shutdownGraceMs = 3000;

const toRecord = (line: string, entry: CopiedEntry): LogRecord => {
  const { time, command, risk, result, profile, principal, error, duration } = entry;
  const isWell = result === 'done' || result === 'accepted';
  const attributes = {
    'cloudstack.command': command,
    'cloudstack.risk': risk,
    'cloudstack.result': result,
    'cloudstack.profile': profile,
    'enduser.id': principal,
    'error.type': error?.kind,
    'cloudstack.duration_ms': duration,
  };
  return {
    timestamp: new Date(time),
    observedTimestamp: new Date(),
    severityNumber: isWell ? SeverityNumber.INFO : SeverityNumber.WARN,
    severityText: isWell ? 'INFO' : 'WARN',
    eventName: 'cloudstack.mcp.call',
    body: line,
    attributes: Object.fromEntries(
      Object.entries(attributes).filter(([, value]) => value !== undefined && value !== ''),
    ),
  };
};

/** An error of the exporter holds the collector's status as its code, where there was one. */
const whyOf = ({ error }: ExportResult): string => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  return typeof code === 'number' ? `HTTP ${code}` : message || String(code ?? 'no reason given');
};

/** Sends entries in batches to a collector: OTLP over HTTP, as JSON. `miss` learns which ones did not arrive. */
export const openOtlp = ({ url, headers, service }: OtlpOptions, miss: (why: string, count?: number) => void): Copy => {
  const exporter = new OTLPLogExporter({ url, headers: { ...headers }, timeoutMillis: exportTimeoutMs });
  let waiting = 0;
  const counted: LogRecordExporter = {
    export: (records, done) =>
      exporter.export(records, (result) => {
        waiting -= records.length;
        if (result.error) miss(whyOf(result), records.length);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    processors: [
      new BatchLogRecordProcessor({
        exporter: counted,
        maxQueueSize: maxWaiting,
        maxExportBatchSize: batchSize,
        scheduledDelayMillis: sendIntervalMs,
        exportTimeoutMillis: exportTimeoutMs + shutdownGraceMs,
      }),
    ],
  });
  const logger = provider.getLogger('audit');
  return {
    write: (line, entry) => {
      if (waiting >= maxWaiting) return miss('too many wait for it');
      waiting++;
      logger.emit(toRecord(line, entry));
    },
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, shutdownGraceMs)));
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
      if (waiting) miss('the server was stopped before it took them', waiting);
    },
  };
};
