import { CallError } from '../errors.ts';
import type { AuditEntry } from './entry.ts';
import { createTally, type Copy, type Report } from './sink.ts';

/** Where OTLP over HTTP goes, as OpenTelemetry's variables say it. */
export interface OtlpOptions {
  /** The whole address of the logs signal. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** `service.name` of the resource. */
  service: string;
}

const batch = 512;
const most = 4096;
/** Milliseconds. */
const sendEvery = 1000;
const timeout = 10_000;
const lastTimeout = 3000;
const attempts = 4;

// https://opentelemetry.io/docs/specs/otlp/#failures-1
const again = new Set([429, 502, 503, 504]);

interface Line {
  line: string;
  entry: AuditEntry;
}

const attribute = (key: string, value: string | number | undefined): object[] =>
  value === undefined || value === ''
    ? []
    : [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];

const severity = ({ result }: AuditEntry): object =>
  result === 'done' || result === 'accepted'
    ? { severityNumber: 9, severityText: 'INFO' }
    : { severityNumber: 13, severityText: 'WARN' };

const toRecord = ({ line, entry }: Line): object => ({
  timeUnixNano: `${Date.parse(entry.time)}000000`,
  observedTimeUnixNano: `${Date.now()}000000`,
  ...severity(entry),
  eventName: 'cloudstack.mcp.call',
  body: { stringValue: line },
  attributes: [
    ...attribute('cloudstack.command', entry.command),
    ...attribute('cloudstack.risk', entry.risk),
    ...attribute('cloudstack.result', entry.result),
    ...attribute('cloudstack.profile', entry.profile),
    ...attribute('enduser.id', entry.principal),
    ...attribute('error.type', entry.error?.kind),
    ...attribute('cloudstack.duration_ms', entry.duration),
  ],
});

const toBody = (lines: readonly Line[], service: string): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: attribute('service.name', service) },
        scopeLogs: [{ scope: { name: 'audit' }, logRecords: lines.map(toRecord) }],
      },
    ],
  });

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });

/** Copies in batches to an OpenTelemetry collector: OTLP over HTTP, as JSON. */
export const createOtlpCopy = ({ url, headers, service }: OtlpOptions, report: Report): Copy => {
  if (!URL.canParse(url))
    throw new CallError(
      'configuration',
      `The audit log is to go to "${url}", which is no URL.`,
      'Set OTEL_EXPORTER_OTLP_ENDPOINT to something like http://collector:4318.',
    );
  const tally = createTally(`otlp ${new URL(url).host}`, report);
  const queue: Line[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  const ending = new AbortController();

  /** Why it did not arrive and whether it may be sent again; undefined when it did. */
  const post = async (body: string): Promise<{ why: string; retry: boolean } | undefined> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(ending.signal.aborted ? lastTimeout : timeout),
      });
      await response.arrayBuffer();
      return response.ok ? undefined : { why: `HTTP ${response.status}`, retry: again.has(response.status) };
    } catch (error) {
      const { message, cause } = error as Error;
      return { why: cause instanceof Error ? cause.message || message : message, retry: true };
    }
  };

  const send = async (): Promise<void> => {
    while (queue.length) {
      const lines = queue.splice(0, batch);
      const body = toBody(lines, service);
      for (let attempt = 1; ; attempt++) {
        const failure = await post(body);
        if (!failure) break;
        if (!failure.retry || attempt === attempts || ending.signal.aborted) {
          tally.miss(failure.why, lines.length);
          break;
        }
        await Promise.race([pause(500 * 2 ** attempt), ended]);
      }
    }
  };
  const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));

  const start = (): void => {
    timer = undefined;
    sending ??= send().finally(() => (sending = undefined));
  };

  return {
    write: (line, entry) => {
      if (queue.length >= most) return tally.miss('too many wait for it');
      queue.push({ line, entry });
      if (queue.length >= batch) start();
      else timer ??= setTimeout(start, sendEvery).unref();
    },
    close: async () => {
      clearTimeout(timer);
      ending.abort();
      await sending;
      await send();
      tally.end();
    },
  };
};
