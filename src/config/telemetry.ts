import * as z from 'zod';
import { flag, minutes, type Environment } from './values.ts';

/** The settings of logs and metrics. */
export const telemetrySettings = {
  log: z
    .enum(['text', 'json'])
    .default('text')
    .describe('Log format on standard error: text for people, json for collectors'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Minimum log level (JSON log); HTTP requests are info'),
  metrics: flag.default(true).describe('HTTP: serve /metrics in the Prometheus format'),
  resourceCounts: minutes(0, 1440)
    .default(0)
    .describe("HTTP: interval at which the cloud's resources are counted for /metrics (min); 0 turns it off"),
};

/** Where traces go. What else OpenTelemetry's variables say about them, its packages read themselves. */
export interface Traces {
  url: string;
  headers: Readonly<Record<string, string>>;
}

const unescapePercent = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Reads headers as OpenTelemetry's variables have them: `name=value,name=value`, percent-encoded. */
export const readHeaders = (text = ''): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .map((pair) => /^([^=]+)=(.*)$/.exec(pair.trim()))
      .flatMap((found) => (found ? [[found[1]!.trim(), unescapePercent(found[2]!.trim())]] : [])),
  );

/** Where traces are to be sent; undefined when no endpoint is set, or traces are off. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const readTraces = (env: Environment): Traces | undefined => {
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const url = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || (base && `${base.replace(/(?<!\/)\/+$/, '')}/v1/traces`);
  const isOff = env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!url || isOff) return undefined;
  return {
    url,
    headers: readHeaders(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] || env['OTEL_EXPORTER_OTLP_HEADERS']),
  };
};
