import type { CloudSettings } from '../config/cloud.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { Answer, Progress, WireParams } from '../types.ts';
import { failureIn } from './classify.ts';
import {
  createKeyCredential,
  createSessionCredential,
  type Draft,
  type Secret,
  type SignatureSetting,
} from './credential.ts';
import type { Endpoint } from './endpoint.ts';
import { openEnvelope, Unreadable } from './envelope.ts';
import { followJob, observeJob } from './jobs.ts';
import { isAnswer, sendOnce, type Sending } from './network.ts';
import { minTimeMs } from './not-sent.ts';
import { checkProof, isJobId } from './proof.ts';
import { withRetries } from './retry.ts';
import type { HttpRequest, HttpResponse } from './transport.ts';

/** How to prove who asks, and the settings of the cloud. */
export interface CloudStackOptions extends CloudSettings {
  secret: Secret;
  /** How requests are signed; found out by default. */
  signature?: SignatureSetting | undefined;
}

/** How one request is sent and its job followed. */
export interface SendOptions {
  signal: AbortSignal;
  /** Who shares the places to wait in with others; undefined: the server itself. */
  principal?: string | undefined;
  /** Milliseconds since 1970 by which there is an answer: retries, jobs and waiting for a connection end before that. */
  deadline?: number | undefined;
  /** Milliseconds to wait for a job. */
  wait: number;
  progress?: ((progress: Progress) => void) | undefined;
  /** Once aborted, jobs are returned as pending instead of waited for. */
  returnPending?: AbortSignal | undefined;
  /** Called whenever a request is sent. */
  onSent?: (() => void) | undefined;
  /** Instead of the configured ones. */
  retries?: number | undefined;
  /** Probes an open circuit at once, so that the answer is the current state. */
  early?: boolean | undefined;
  /** `false`: logs no one in. Where there is no session, or it has ended, being refused for that is an answer, too. */
  login?: boolean | undefined;
  /** Reads the text of an answer that is known from before; undefined: it is read as any. */
  readText?: ((text: string) => Row | undefined) | undefined;
}

/** The client of a CloudStack with one credential: signs, sends, retries reads, follows jobs, classifies errors. */
export interface CloudStack {
  send(wire: WireParams, options: SendOptions): Promise<Answer>;
  /** Logs out; the connections are the endpoint's. */
  close(): Promise<void>;
}

type Ask = Pick<WireParams, 'command' | 'method' | 'params' | 'envelopes'>;
type Sent = Pick<SendOptions, 'signal' | 'principal' | 'deadline' | 'onSent' | 'login' | 'readText'>;

/** Longer requests go by POST even when they read: servers and proxies limit the length of a URL. */
const maxUrlLength = 6000;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** A change whose answer cannot be understood may have happened, unless CloudStack itself refused it. */
const toUnknownOutcome = (error: unknown): never => {
  const unread = error instanceof CallError && error.cserrorcode === undefined;
  const doubtful = unread && (error.kind === 'protocol' || (error.kind === 'unavailable' && (error.code ?? 0) >= 500));
  if (!doubtful) throw error;
  throw new CallError(
    'unknown-outcome',
    `${error.message}; it was sent once, and whether it happened is unknown`,
    'Check whether it happened before you try again: list the resource, [[list-async-jobs]], [[list-events]].',
    { code: error.code, isForeign: error.isForeign, cause: error },
  );
};

/** Throws where an answer about a job is about another one than was asked for: its state is not taken for this one's. */
const checkJob = ({ command, params: { jobid } }: Ask, body: Answer['body']): void => {
  const answered = body['jobid'];
  if (jobid === undefined || typeof answered !== 'string' || answered.toLowerCase() === jobid.toLowerCase()) return;
  throw new CallError(
    'protocol',
    `${command}: asked for job ${jobid}, and the answer is about job ${answered}`,
    'Something between this server and CloudStack gives wrong answers, such as a cache of a proxy.',
  );
};

/** Only a stub is a job to follow: a row that has a pending job carries jobid among other fields. */
const isStub = (body: Readonly<Record<string, unknown>>): body is { jobid: string; id?: string } =>
  isJobId(body['jobid']) && Object.keys(body).every((key) => ['jobid', 'id', 'jobstatus'].includes(key));

/** The cheapest command that every account may run. */
const probe: Ask = { command: 'listCapabilities', method: 'GET', params: {} };
const jobQuery = {
  command: 'queryAsyncJobResult',
  method: 'GET',
  envelopes: ['queryasyncjobresultresponse'],
} as const;
/** Includes a login. */
const probeTimeoutMs = 10_000;

/** A client of one endpoint with one credential. */
export const createCloudStack = (options: CloudStackOptions, endpoint: Endpoint): CloudStack => {
  const { secret, timeout } = options;
  const { url, circuit, observe } = endpoint;
  const deliver = <T>(
    { command, method }: Ask,
    { query, headers }: Draft,
    signal: AbortSignal,
    sending: Pick<Sending<T>, 'read' | 'principal' | 'deadline' | 'onSent' | 'probing'>,
  ): Promise<T> => {
    const changes = method === 'POST';
    const request: HttpRequest =
      changes || query.length > maxUrlLength
        ? { method: 'POST', url, headers: { ...form, ...headers }, body: query }
        : { method, url: `${url}?${query}`, headers };
    const sent = sendOnce(endpoint, request, { ...sending, signal, command, changes, timeout });
    return changes ? sent.catch(toUnknownOutcome) : sent;
  };
  const credential =
    'apiKey' in secret
      ? createKeyCredential(secret, options.signature, endpoint.algorithm)
      : createSessionCredential(secret, (command, body, headers, signal) =>
          sendOnce(
            endpoint,
            { method: 'POST', url, headers: { ...form, ...headers }, body },
            // A probe may have to log in first.
            { command, signal, changes: false, timeout, probing: true, read: (response) => response },
          ),
        );

  const attempt = async (
    wire: Ask,
    { signal, principal, deadline, onSent, login, readText }: Sent,
    probing = false,
  ) => {
    const { command, params } = wire;
    const prove = (refused?: Draft) =>
      credential.prove({ command, response: 'json', ...params }, signal, { deadline, login, refused });
    // A change is sent once: how to sign it is found out by a read.
    if (wire.method === 'POST' && !credential.isSettled()) await settle(command, { signal, principal, deadline });
    const draft = await prove();
    const readOf = (sent: Draft) => (response: HttpResponse) => {
      try {
        const known = response.status === 200 ? readText?.(response.body) : undefined;
        const body = known ?? openEnvelope(command, response, wire.envelopes);
        credential.accept(sent);
        return { body, size: response.body.length };
      } catch (error) {
        // CloudStack looks at the signature first; a proxy's page says nothing of it.
        if (response.status !== 401 && !(error instanceof Unreadable)) credential.accept(sent);
        throw error;
      }
    };
    const answer = await deliver(wire, draft, signal, {
      principal,
      deadline,
      onSent,
      probing,
      read: (response) => {
        try {
          return readOf(draft)(response);
        } catch (error) {
          // Of a change only CloudStack itself says that it was refused.
          const isRefused = response.status === 401 && !(wire.envelopes && error instanceof Unreadable);
          if (isRefused && credential.renew(draft)) return undefined;
          throw error;
        }
      },
    });
    if (!answer && login === false) return { body: {}, size: 0 };
    if (answer) return answer;
    // What proves no one is refused before anything runs, so that sending again is not repeating.
    const again = await prove(draft);
    return deliver(wire, again, signal, { principal, deadline, onSent, probing, read: readOf(again) });
  };

  /**
   * Finds out how to prove who asks, with a read. Throws where the cloud takes no proof; one that cannot be asked now is left
   * to the request itself.
   */
  const settle = async (command: string, { signal, principal, deadline = Infinity }: Sent): Promise<void> => {
    const now = Date.now();
    // The larger part of the time is the change's own.
    const sent = { signal, principal, deadline: now + Math.min((deadline - now) / 4, probeTimeoutMs) };
    await attempt(probe, sent).catch((error: unknown) => {
      if (!(error instanceof CallError) || error.code !== 401) return;
      const { kind, message, hint, code, cserrorcode, isForeign } = error;
      throw new CallError(kind, `${command} was not sent: ${message}`, hint, {
        code,
        cserrorcode,
        isForeign,
        cause: error,
      });
    });
  };

  /** Resolves if the endpoint answers, whatever it says to this credential. Not cancelled with the request that needs it. */
  const look = (login?: boolean) =>
    attempt(probe, { signal: new AbortController().signal, deadline: Date.now() + probeTimeoutMs, login }, true).catch(
      (error: unknown) => {
        if (!isAnswer(error)) throw error;
      },
    );

  const ask = async (wire: Ask, send: SendOptions): Promise<Pick<Answer, 'body' | 'size'>> => {
    const { signal, principal, deadline = Infinity, retries = options.retries } = send;
    const pass = async () => {
      await circuit.pass(
        { command: wire.command, principal, signal, deadline: deadline - minTimeMs },
        () => look(send.login),
        send.early,
      );
      return attempt(wire, send);
    };
    const once = () => (circuit.isOpen() ? pass() : attempt(wire, send));
    if (wire.method !== 'GET') return once();
    const answer = await withRetries(
      {
        retries,
        delay: options.retryDelay,
        deadline,
        isWorth: () => !circuit.isOpen(),
        onRetry: () => observe?.({ type: 'retry', command: wire.command }),
      },
      signal,
      once,
    );
    checkJob(wire, answer.body);
    return answer;
  };

  const follow = async (command: string, job: string, send: SendOptions, isAsked = false): Promise<Answer> => {
    const poll = async (jobid: string) => (await ask({ ...jobQuery, params: { jobid } }, send)).body;
    const following = followJob(command, job, poll, { ...send, interval: options.pollInterval, isAsked });
    return observe ? observeJob(observe, command, following) : following;
  };

  return {
    send: async (wire, send) => {
      if (wire.follow !== undefined) return follow(wire.command, wire.follow, send, true);
      const asked = await ask(wire, send);
      const { body } = asked;
      const failed = failureIn(wire.command, body);
      if (failed) throw failed;
      if (!isStub(body)) {
        try {
          checkProof(wire, body);
        } catch (error) {
          return toUnknownOutcome(error);
        }
        return asked;
      }
      const answer = await follow(wire.command, body.jobid, { ...send, onSent: undefined });
      // The new object's id is known before its job is done.
      return answer.job?.status === 'pending' && body.id ? { ...answer, body: { id: body.id } } : answer;
    },
    close: () => credential.close(AbortSignal.timeout(5000)),
  };
};
