import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { loadCatalog } from '../catalog/catalog.ts';
import { endingOf, type Tracing } from '../observe.ts';

/** https://www.w3.org/TR/trace-context/ */
const propagator = new W3CTraceContextPropagator();

/** The headers that carry the span of a context on. */
const headersOf = (within: Context): Record<string, string> => {
  const headers: Record<string, string> = {};
  propagator.inject(within, headers, defaultTextMapSetter);
  return headers;
};

/** Ends a span well, or as an error of a kind; what an error says may quote arguments, and stays out. */
const endAs = (span: Span, ending: string): void => {
  const isFailure = ending !== 'ok' && ending !== 'pending' && ending !== 'asked';
  if (isFailure) {
    span.setAttribute('error.type', ending);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
};

/** Runs within a span, and ends it when that has ended. */
const within = <T>(span: Span, parent: Context, run: () => T): T => {
  try {
    const result = context.with(trace.setSpan(parent, span), run);
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    const ended = result.then(
      (value: unknown) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        endAs(span, endingOf(error));
        throw error;
      },
    );
    // The promise of a promise's value: the same type as it was.
    return ended as T;
  } catch (error) {
    endAs(span, endingOf(error));
    throw error;
  }
};

const requestFacts = (command: string, { method, url }: { method: string; url: string }) => {
  // Neither the query nor a user in it: they hold the key and the signature.
  const { hostname, port, pathname, protocol } = new URL(url);
  return {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'url.scheme': protocol.slice(0, -1),
    'url.path': pathname,
    'cloudstack.command': command,
  };
};

/**
 * Spans of a tracer, named by OpenTelemetry's conventions for MCP, GenAI and HTTP.
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
 */
export const createTracing = (tracer: Tracer, close: () => Promise<void>): Tracing => ({
  call: (origin, run) => {
    const parent = propagator.extract(ROOT_CONTEXT, origin?.parent ?? {}, defaultTextMapGetter);
    const facts = { 'mcp.method.name': 'tools/call', 'gen_ai.operation.name': 'execute_tool' };
    const span = tracer.startSpan('tools/call', { kind: SpanKind.SERVER, attributes: facts }, parent);
    const { traceId } = span.spanContext();
    origin?.onTrace?.(traceId);
    return context.with(trace.setSpan(parent, span), () =>
      run({
        traceId,
        end: ({ command, risk }, ending) => {
          // Only what the catalog knows becomes a name: a span's name is a label too.
          const tool = command === undefined ? undefined : loadCatalog().find(command);
          if (tool) {
            span.updateName(`tools/call ${tool.name}`);
            span.setAttributes({ 'gen_ai.tool.name': tool.name, 'cloudstack.command': tool.command.name });
          }
          if (risk !== undefined) span.setAttribute('cloudstack_mcp.risk', risk);
          span.setAttribute('cloudstack_mcp.outcome', ending);
          endAs(span, ending);
        },
      }),
    );
  },
  step: (name, run) => {
    const parent = context.active();
    return trace.getSpan(parent) ? within(tracer.startSpan(name, {}, parent), parent, run) : run();
  },
  request: (command, about, send) => {
    const parent = context.active();
    const attributes = requestFacts(command, about);
    const span = tracer.startSpan(`${about.method} ${command}`, { kind: SpanKind.CLIENT, attributes }, parent);
    return within(span, parent, async () => {
      const response = await send(headersOf(trace.setSpan(parent, span)));
      span.setAttribute('http.response.status_code', response.status);
      if (response.status >= 400) {
        span.setAttribute('error.type', String(response.status));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      return response;
    });
  },
  close,
});
