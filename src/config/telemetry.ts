import * as z from 'zod';

const flag = z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] }).or(z.boolean());
const whole = z.coerce.number().int().min(0);

/** The settings of `serve` about what it tells of itself. */
export const telemetrySettings = {
  log: z.enum(['text', 'json']).default('text').describe('Log on standard error: text for people, json for collectors'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('JSON log: the least that a line must matter; HTTP requests are info'),
  metrics: flag.default(true).describe('HTTP: answer /metrics, in the format of Prometheus'),
  // A timer that is set for much longer rings at once, again and again.
  resourceCounts: whole
    .max(1440)
    .default(0)
    .describe('HTTP: minutes between counts of the virtual machines, volumes, … of the cloud for /metrics; 0: never'),
};

/** Where traces go. What else OpenTelemetry's variables say about them, its packages read themselves. */
export interface Traces {
  url: string;
  headers: Readonly<Record<string, string>>;
}

type Env = Readonly<Record<string, string | undefined>>;

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

/** Where traces are to be sent; undefined where nobody named a place, or forbade it. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const readTraces = (env: Env): Traces | undefined => {
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const url = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  const isOff = env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!url || isOff) return undefined;
  return {
    url,
    headers: readHeaders(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] || env['OTEL_EXPORTER_OTLP_HEADERS']),
  };
};
