import { CallError } from '../errors.ts';
import type { Answer, Progress, WireParams } from '../types.ts';
import { createKeyCredential, createSessionCredential, type Draft, type Secret } from './credential.ts';
import { openEnvelope } from './envelope.ts';
import { followJob } from './jobs.ts';
import { sendOnce } from './network.ts';
import { withRetries } from './retry.ts';
import { createPool, type HttpResponse, type Transport } from './transport.ts';

/** Where a CloudStack is, how to prove who asks, and how patient to be. */
export interface CloudStackOptions {
  /** Such as `https://cloud.example.com/client/api`; from the configuration only. */
  endpoint: string;
  secret: Secret;
  /** Milliseconds for one request. */
  timeout: number;
  connections: number;
  /** Milliseconds. */
  keepAlive: number;
  /** Further attempts of a read. */
  retries: number;
  /** Milliseconds before the first retry. */
  retryDelay: number;
  /** Milliseconds before the first look at a job. */
  pollInterval: number;
}

/** How one request is sent and watched. */
export interface SendOptions {
  signal: AbortSignal;
  /** Milliseconds to wait for a job. */
  wait: number;
  progress?: ((progress: Progress) => void) | undefined;
  /** Once aborted, jobs are handed out as pending instead of waited for. */
  handOut?: AbortSignal | undefined;
  /** Told before each attempt. */
  sent?: (() => void) | undefined;
  /** Instead of the configured ones. */
  retries?: number | undefined;
}

/** The one way to a CloudStack: signs, sends, retries what may be retried, follows jobs, classifies errors. */
export interface CloudStack {
  send(wire: WireParams, options: SendOptions): Promise<Answer>;
  /** Logs out and closes the connections. */
  close(): Promise<void>;
}

type Ask = Pick<WireParams, 'command' | 'method' | 'params'>;

/** Longer requests go by POST even when they read: servers and proxies limit the length of a URL. */
const longestUrl = 6000;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** A change whose answer cannot be understood may have happened, unless CloudStack itself refused it. */
const unsure = (error: unknown): unknown => {
  const unread = error instanceof CallError && error.cserrorcode === undefined;
  const doubtful = unread && (error.kind === 'protocol' || (error.kind === 'unavailable' && (error.code ?? 0) >= 500));
  return doubtful
    ? new CallError(
        'unknown-outcome',
        `${error.message}; it was sent once, and whether it happened is unknown`,
        'Look whether it happened before trying again: list the resource, list-async-jobs, list-events.',
        { code: error.code, cause: error },
      )
    : error;
};

/** Only a stub is a job to follow: a row that has a pending job carries jobid among other fields. */
const isStub = (body: Readonly<Record<string, unknown>>): body is { jobid: string; id?: string } =>
  typeof body['jobid'] === 'string' && Object.keys(body).every((key) => ['jobid', 'id', 'jobstatus'].includes(key));

/** A client of one endpoint with one credential. */
export const createCloudStack = (options: CloudStackOptions, transport?: Transport): CloudStack => {
  const { endpoint, secret, timeout } = options;
  const http = transport ?? createPool(endpoint, options);
  const post = (command: string, body: string, headers: Record<string, string>, signal: AbortSignal, changes = true) =>
    sendOnce(
      http,
      command,
      { method: 'POST', url: endpoint, headers: { ...form, ...headers }, body, signal },
      { timeout, changes },
    );
  const credential =
    'apiKey' in secret
      ? createKeyCredential(secret)
      : createSessionCredential(secret, (body, headers, signal) => post('login', body, headers, signal, false));

  const prove = ({ command, params }: Ask, signal: AbortSignal): Promise<Draft> =>
    credential.prove({ command, response: 'json', ...params }, signal);

  const request = ({ command, method }: Ask, { query, headers }: Draft, signal: AbortSignal): Promise<HttpResponse> => {
    const changes = method === 'POST';
    if (changes || query.length > longestUrl) return post(command, query, headers, signal, changes);
    return sendOnce(
      http,
      command,
      { method, url: `${endpoint}?${query}`, headers, signal },
      { timeout, changes: false },
    );
  };

  const ask = async (wire: Ask, { signal, sent, retries = options.retries }: SendOptions) => {
    const once = async () => {
      sent?.();
      const draft = await prove(wire, signal);
      const response = await request(wire, draft, signal);
      // A session that has ended is refused before anything runs, so that sending again is not repeating.
      const again = response.status === 401 && credential.renew(draft);
      return openEnvelope(wire.command, again ? await request(wire, await prove(wire, signal), signal) : response);
    };
    if (wire.method === 'GET') return withRetries({ retries, delay: options.retryDelay }, signal, once);
    return once().catch((error: unknown) => {
      throw unsure(error);
    });
  };

  const follow = (command: string, job: string, send: SendOptions): Promise<Answer> => {
    const poll = (jobid: string) => ask({ command: 'queryAsyncJobResult', method: 'GET', params: { jobid } }, send);
    return followJob(command, job, poll, { ...send, interval: options.pollInterval });
  };

  return {
    send: async (wire, send) => {
      if (wire.follow !== undefined) return follow(wire.command, wire.follow, send);
      const body = await ask(wire, send);
      if (!isStub(body)) return { body };
      const answer = await follow(wire.command, body.jobid, { ...send, sent: undefined });
      // The new object's id is known before its job is done.
      return answer.job?.status === 'pending' && body.id ? { ...answer, body: { id: body.id } } : answer;
    },
    close: async () => {
      await credential.close(AbortSignal.timeout(5000));
      await http.close();
    },
  };
};
