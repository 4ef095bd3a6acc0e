import { CallError } from '../errors.ts';
import type { OtlpOptions } from './open-otlp.ts';
import { createTally, type Copy, type Report } from './sink.ts';

/** Copies to an OpenTelemetry collector. Throws a configuration error for an address that is not an http(s) URL. */
export const createOtlpCopy = (options: OtlpOptions, report: Report): Copy => {
  // The address itself may hold a password, and is not repeated.
  if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol))
    throw new CallError(
      'configuration',
      'The address of the audit log collector is not an http(s) URL.',
      'Set OTEL_EXPORTER_OTLP_ENDPOINT to something like http://collector:4318.',
    );
  const tally = createTally(`otlp ${new URL(options.url).host}`, report);
  // OpenTelemetry's packages are loaded only where a collector is named.
  const opened = import('./open-otlp.ts').then(({ openOtlp }) => openOtlp(options, tally.miss));
  return {
    write: (line, entry) => void opened.then(({ write }) => write(line, entry)),
    close: async () => {
      await (await opened).close();
      tally.end();
    },
  };
};
