import { Counter, Gauge, Histogram, type Aggregator, type Registry } from 'prom-client';

const prefix = 'cloudstack_mcp_';
/** Seconds: a cached answer takes less than a millisecond, a list tens of milliseconds, a job minutes. */
const quick = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const slow = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Our metrics, in a registry. The values of labels are bounded by the catalog or by the lists in this file. */
export const createInstruments = (registry: Registry) => {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  /** `aggregator`: how the values of several processes become one. */
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    aggregator: Aggregator = 'sum',
  ): Gauge<L> => new Gauge({ name: prefix + name, help, labelNames, registers, aggregator });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets = quick,
  ): Histogram<L> => new Histogram({ name: prefix + name, help, labelNames, buckets, registers });
  return {
    build: gauge(
      'build_info',
      'Always 1; the labels are the versions of the server and of Node.js.',
      ['version', 'node'],
      'first',
    ),
    calls: counter('calls_total', 'Calls of CloudStack commands, by outcome.', ['tool', 'risk', 'outcome']),
    callDuration: histogram('call_duration_seconds', 'Duration of calls, including their jobs.', ['risk']),
    requests: counter('cloudstack_requests_total', 'Requests sent to CloudStack, by outcome.', ['command', 'outcome']),
    requestSeconds: counter('cloudstack_request_seconds_total', 'Time spent waiting for responses from CloudStack.', [
      'command',
    ]),
    requestDuration: histogram('cloudstack_request_duration_seconds', 'Response time of CloudStack.', [
      'method',
      'result',
    ]),
    up: gauge('cloudstack_up', '1 if CloudStack answered the last request, else 0.', [], 'min'),
    retries: counter('cloudstack_retries_total', 'Reads that were retried after a transient failure.'),
    jobs: counter('jobs_total', 'Jobs that were polled, by outcome; pending: returned before they ended.', ['outcome']),
    jobDuration: histogram('job_duration_seconds', 'How long jobs were polled.', [], slow),
    jobsFollowed: gauge('jobs_in_progress', 'Jobs that are being polled.'),
    cache: counter('cache_requests_total', 'Reads through the cache, by result.', ['result']),
    kept: gauge('cache_entries', 'Answers in the cache.'),
    dropped: counter('cache_dropped_total', 'Cached answers that were dropped, by cause.', ['cause']),
    poolRunning: gauge('pool_running', 'Requests that are running on a connection to CloudStack.'),
    poolWaiting: gauge('pool_waiting', 'Requests that are waiting for a connection to CloudStack.'),
    circuits: gauge('circuit_state', 'Endpoints by the state of their circuit breaker.', ['state']),
    circuitChanges: counter('circuit_changes_total', 'Changes of a circuit breaker to this state.', ['state']),
    store: gauge('store_up', '1 if the store can be reached, else 0; always 1 for the store in memory.', [], 'min'),
    confirmations: counter('confirmations_total', 'Confirmations that were asked for, and their results.', ['result']),
    audit: counter('audit_entries_total', 'Entries for the audit log; waiting: the log could not be written.', [
      'result',
    ]),
    sessions: gauge('sessions', 'Open sessions of clients with an older protocol version.'),
    inFlight: gauge('http_requests_in_flight', 'HTTP requests and calls that are running.'),
    http: counter('http_requests_total', 'HTTP requests, by status class.', ['route', 'method', 'status']),
    httpDuration: histogram('http_request_duration_seconds', 'Duration of HTTP requests, without streams.', ['route']),
    refused: counter('http_refused_total', 'HTTP requests that were refused, by reason.', ['reason']),
    resources: gauge(
      'resources',
      'Resources of the cloud that the credential of the default profile can see.',
      ['kind', 'state'],
      'max',
    ),
    counted: gauge('resources_counted_timestamp_seconds', 'Time of the last count of resources.', [], 'max'),
  };
};

/** Every metric of our own. */
export type Instruments = ReturnType<typeof createInstruments>;

/** The values of labels that the catalog does not bound. They start at 0, so that rates see the first event. */
export const labelValues = {
  cache: ['hit', 'miss', 'joined', 'skipped'],
  dropped: ['change', 'event', 'replica', 'doubt'],
  circuits: ['closed', 'half-open', 'open'],
  confirmations: ['asked', 'accepted', 'declined', 'sent-to-terminal'],
  audit: ['written', 'waiting'],
  jobs: ['ok', 'failed', 'pending'],
  refused: [
    'host',
    'origin',
    'unauthenticated',
    'forbidden',
    'malformed',
    'too-large',
    'slow',
    'rate-limit',
    'in-flight',
    'sessions',
    'stopping',
    'issuer',
  ],
} as const;

/** Why the HTTP door refused a request. */
export type Refusal = (typeof labelValues.refused)[number];
