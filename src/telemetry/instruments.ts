import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const prefix = 'cloudstack_mcp_';
/** Seconds: a cached answer takes less than a millisecond, a list some tens, a job minutes. */
const quick = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const slow = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Every metric of our own, in a registry. What a label may say is bounded by the catalog or by the lists in this file. */
export const createInstruments = (registry: Registry) => {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: prefix + name, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets = quick,
  ): Histogram<L> => new Histogram({ name: prefix + name, help, labelNames, buckets, registers });
  return {
    build: gauge('build_info', 'Always 1; its labels say which version runs on which Node.', ['version', 'node']),
    calls: counter('calls_total', 'Calls of CloudStack commands, by how they ended.', ['tool', 'risk', 'outcome']),
    callDuration: histogram('call_duration_seconds', 'How long calls took, their jobs included.', ['risk']),
    requests: counter('cloudstack_requests_total', 'Requests sent to CloudStack, by how they ended.', [
      'command',
      'outcome',
    ]),
    requestSeconds: counter('cloudstack_request_seconds_total', 'Time spent waiting for answers of CloudStack.', [
      'command',
    ]),
    requestDuration: histogram('cloudstack_request_duration_seconds', 'How long CloudStack took to answer.', [
      'method',
      'result',
    ]),
    up: gauge('cloudstack_up', 'Whether CloudStack could be reached when it was last asked.'),
    retries: counter('cloudstack_retries_total', 'Reads that were sent again because they failed in passing.'),
    jobs: counter('jobs_total', 'Jobs that were followed, by how they ended; pending: handed out unfinished.', [
      'outcome',
    ]),
    jobDuration: histogram('job_duration_seconds', 'How long jobs were followed.', [], slow),
    jobsFollowed: gauge('jobs_in_progress', 'Jobs that are being followed.'),
    cache: counter('cache_requests_total', 'Reads that the cache was asked for.', ['result']),
    kept: gauge('cache_entries', 'Answers in the cache.'),
    dropped: counter('cache_dropped_total', 'Cached answers that were dropped, by why.', ['cause']),
    poolRunning: gauge('pool_running', 'Requests on connections to CloudStack.'),
    poolWaiting: gauge('pool_waiting', 'Requests that wait for a connection to CloudStack.'),
    circuits: gauge('circuit_state', 'Endpoints whose circuit breaker is in this state.', ['state']),
    circuitChanges: counter('circuit_changes_total', 'Times that a circuit breaker went into this state.', ['state']),
    store: gauge('store_up', 'Whether the store can be reached; always 1 for one in memory.'),
    confirmations: counter('confirmations_total', 'Questions to humans, and what became of them.', ['result']),
    audit: counter('audit_entries_total', 'Entries for the audit log; waiting: it could not be written.', ['result']),
    sessions: gauge('sessions', 'Sessions of clients of the older era.'),
    inFlight: gauge('http_requests_in_flight', 'Requests and calls that run at the moment.'),
    http: counter('http_requests_total', 'HTTP requests, by class of status.', ['route', 'method', 'status']),
    httpDuration: histogram('http_request_duration_seconds', 'How long HTTP requests took; streams are left out.', [
      'route',
    ]),
    refused: counter('http_refused_total', 'HTTP requests that the door refused, by why.', ['reason']),
    resources: gauge('resources', 'Resources of the cloud, as the credential of the default profile sees them.', [
      'kind',
      'state',
    ]),
    counted: gauge('resources_counted_timestamp_seconds', 'When the resources were last counted.'),
  };
};

/** Every metric of our own. */
export type Instruments = ReturnType<typeof createInstruments>;

/** What labels can say whose values no catalog bounds. They stand at 0 from the start, so that rates see the first event. */
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
