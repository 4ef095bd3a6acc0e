import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Traces } from '../config/telemetry.ts';
import type { Tracing } from '../observe.ts';
import { version } from '../version.ts';
import { createTracing } from './tracing.ts';

const service = 'cloudstack-mcp-server';
/** Milliseconds that the end of the process waits for a collector. */
const shutdownGraceMs = 2000;

/** Reports the first time that spans do not arrive: their absence would not be noticed otherwise. */
const reporting = (exporter: SpanExporter, report: (message: string) => void): SpanExporter => {
  let output = false;
  return {
    export: (spans, received) =>
      exporter.export(spans, (result) => {
        if (result.error && !output) {
          output = true;
          report(`Traces do not arrive at their collector: ${result.error.message}`);
        }
        received(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
};

/** Traces to a collector by OTLP (JSON over HTTP). Names, sampler and batches are what OpenTelemetry's variables say. */
export const openTracing = ({ url, headers }: Traces, report: (message: string) => void): Tracing => {
  // One a process: the first one stays and serves all.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(reporting(new OTLPTraceExporter({ url, headers: { ...headers } }), report)),
    ],
  });
  return createTracing(provider.getTracer(service, version), async () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, shutdownGraceMs).unref());
    await Promise.race([provider.shutdown().catch(() => undefined), late]);
  });
};
