import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { classify, hintFor } from '../../src/cloudstack/classify.ts';
import { createCloudStack, type CloudStack, type CloudStackOptions } from '../../src/cloudstack/cloudstack.ts';
import { createSessionCredential } from '../../src/cloudstack/credential.ts';
import { createEndpoint } from '../../src/cloudstack/endpoint.ts';
import { openEnvelope } from '../../src/cloudstack/envelope.ts';
import { followJob } from '../../src/cloudstack/jobs.ts';
import { sendOnce } from '../../src/cloudstack/network.ts';
import { isTransient, withRetries } from '../../src/cloudstack/retry.ts';
import { notStarted, type HttpResponse, type Transport } from '../../src/cloudstack/transport.ts';
import { loadData } from '../../src/data.ts';
import { CallError, type ErrorKind } from '../../src/errors.ts';
import { toReadWire } from '../../src/request/to-wire.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { WireParams } from '../../src/types.ts';
import { failing } from '../support/failing.ts';
import { eventually } from '../support/eventually.ts';
import { cloud as defaults } from './calls.ts';

const caught = (run: () => unknown): CallError => {
  try {
    run();
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

const never = new AbortController().signal;
// It stands for the signals of many calls at once.
setMaxListeners(0, never);
const response = (body: unknown, status = 200, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

// envelope

const bad: [what: string, answer: HttpResponse, kind: ErrorKind, says: string][] = [
  ['HTML', response('<html><h1>Welcome</h1></html>'), 'protocol', 'is HTML or XML: Welcome'],
  ['XML', response('<?xml version="1.0"?><listzonesresponse/>'), 'protocol', 'is HTML or XML'],
  ['a redirect', response('', 301, { location: 'https://other.example/' }), 'protocol', 'redirects elsewhere'],
  ['nothing', response(''), 'protocol', 'is empty'],
  ['white space', response(' \n '), 'protocol', 'is empty'],
  ['half an answer', response('{"listzonesresponse":{"count":1,'), 'protocol', 'is incomplete JSON'],
  ['a list', response('[]'), 'protocol', 'is JSON, but not an answer of CloudStack'],
  ['null', response('null'), 'protocol', 'is JSON, but not an answer of CloudStack'],
  ['a number', response('7'), 'protocol', 'is JSON, but not an answer of CloudStack'],
  ['two keys', response({ a: {}, b: {} }), 'protocol', 'is JSON, but not an answer of CloudStack'],
  ['no key', response({}), 'protocol', 'is JSON, but not an answer of CloudStack'],
  ['text in the envelope', response({ a: 'x' }), 'protocol', 'is JSON, but not an answer of CloudStack'],
  ['a body with an error status', response({ listzonesresponse: { count: 1 } }, 500), 'protocol', 'HTTP 500'],
  ['a login page', response('<form>', 401), 'authentication', 'HTTP 401'],
  ['a proxy that is busy', response('busy', 429), 'rate-limit', 'HTTP 429'],
  ['a bad gateway', response('<h1>Bad Gateway</h1>', 502), 'unavailable', 'Bad Gateway'],
  ['maintenance', response('', 503), 'unavailable', 'HTTP 503'],
  ['a gateway that waited', response('', 504), 'unavailable', 'HTTP 504'],
  ['a page that is not there', response('<h1>Not found</h1>', 404), 'protocol', 'Not found'],
  ['a redirect', response('', 302), 'protocol', 'HTTP 302'],
];

test.each(bad)('%s is not an answer', (_what, answer, kind, expected) => {
  const error = caught(() => openEnvelope('listZones', answer));
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(/^listZones: /);
  expect(error.message).toContain(expected);
  expect(error.code).toBe(answer.status);
  expect(error.hint).not.toBe('');
});

test('a long page is quoted in part, without what hides text', () => {
  const { message } = caught(() => openEnvelope('x', response(`<p>x${'\u202e🙂🙂'.repeat(5000)}</p>`)));
  expect(message.length).toBeLessThan(300);
  expect(message).not.toContain('\u202e');
  expect(message.isWellFormed()).toBe(true);
});

test('the envelope is opened whatever it is called', () => {
  expect(openEnvelope('x', response({ activaterojectresponse: { a: 1 } }))).toEqual({ a: 1 });
  expect(openEnvelope('x', response({ createLBStickinessPolicy: {} }))).toEqual({});
});

test('where its name is known, the envelope of something else is none, and what is in it is not told', () => {
  const answer = response({ registeruserkeysresponse: { userkeys: { secretkey: 'hush' } } });
  expect(openEnvelope('x', answer, ['xresponse', 'RegisterUserKeysResponse'])).toHaveProperty('userkeys');
  const { kind, message } = caught(() => openEnvelope('x', answer, ['xresponse']));
  expect(kind).toBe('protocol');
  expect(message).toBe('x: the answer is that of something else (registeruserkeysresponse)');
});

test.each([200, 431])('an error inside the envelope is one, also with HTTP %d', (status) => {
  const body = { uuidList: [], errorcode: 431, cserrorcode: 4350, errortext: 'Invalid\u202e value' };
  const error = caught(() => openEnvelope('createZone', response({ createzoneresponse: body }, status)));
  expect(error).toMatchObject({ kind: 'invalid', code: 431, cserrorcode: 4350, message: 'createZone: Invalid value' });
});

test('an error without a text or a number is still one', () => {
  const error = caught(() => openEnvelope('x', response({ r: { errorcode: 'odd' } }, 530)));
  expect(error).toMatchObject({ kind: 'failed', code: 530 });
  expect(error.message).toContain('no error text');
});

// classify

const uuid = '5f0f2d3c-0000-4000-8000-000000000001';
const texts: [ErrorKind, number, number | undefined, string][] = [
  [
    'not-found',
    431,
    9999,
    'Unable to execute API command listvolumes due to invalid value. Invalid parameter id value=x due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.',
  ],
  ['not-found', 431, 4350, 'unable to find a virtual machine with id 42'],
  [
    'permission',
    432,
    9999,
    `The API [addHost] does not exist or is not available for the account for user id [${uuid}].`,
  ],
  ['permission', 401, 9999, "The given command 'x' either does not exist, is not available for user."],
  ['permission', 531, 4365, 'Caller does not have permission to operate with provided resource.'],
  ['authentication', 401, undefined, 'unable to verify user credentials and/or request signature'],
  ['authentication', 531, undefined, 'Failed to authenticate user bob in domain 1; please provide valid credentials'],
  ['authentication', 511, 4295, 'second factor'],
  ['rate-limit', 429, 9999, 'The given user has reached his/her account api limit, please retry after [10] ms.'],
  ['invalid', 430, 9999, 'malformed'],
  ['invalid', 431, 9999, 'Unable to execute API command createzone due to missing parameter name'],
  [
    'quota',
    535,
    4370,
    "Maximum amount of resources of Type = 'user_vm', tag = 'null' for Account Name = bob in Domain Id = 2 is exceeded",
  ],
  ['quota', 532, 4280, 'limit'],
  ['capacity', 533, 4335, 'Unable to create a deployment for VM'],
  ['capacity', 533, undefined, 'Insufficient capacity'],
  ['unavailable', 534, 4380, 'Resource unavailable'],
  ['unavailable', 503, undefined, 'x'],
  ['conflict', 536, 9999, 'in use'],
  ['conflict', 537, 4360, 'The range specified conflicts with rule'],
  ['conflict', 431, 4350, 'The specified account: X already exists'],
  ['conflict', 530, 4250, 'Cannot start VM i-2-3-VM in Destroyed state'],
  ['failed', 530, 4250, 'Something broke'],
  ['failed', 599, undefined, 'what nobody knows'],
  ['protocol', 405, undefined, 'x'],
  ['timeout', 530, 4560, 'x'],
];

test.each(texts)('%s: HTTP %d, cserrorcode %s, "%s"', (kind, code, cserrorcode, text) => {
  const error = classify('x', { code, cserrorcode, text });
  expect(error).toMatchObject({ kind, code, cserrorcode });
  expect(error.message).toBe(`x: ${text}`);
  expect(error.hint).not.toBe('');
});

test('every line of data/errors.json can be reached and names a kind with a hint', () => {
  const facts = loadData<{
    byText: { match: string; codes?: number[]; kind: ErrorKind }[];
    byException: Record<string, ErrorKind>;
    byCode: Record<string, ErrorKind>;
    hints: Record<string, string>;
  }>('errors.json');
  for (const [code, kind] of Object.entries(facts.byException))
    expect(classify('x', { code: 530, cserrorcode: Number(code), text: 'x' }).kind, code).toBe(kind);
  for (const [code, kind] of Object.entries(facts.byCode))
    expect(classify('x', { code: Number(code), text: 'x' }).kind, code).toBe(kind);
  for (const { match, codes = [431], kind } of facts.byText)
    for (const example of match.replaceAll('.*', 'a thing').replace('(?:specified )?', 'specified ').split('|'))
      for (const code of codes) {
        const found = classify('x', { code, text: example }).kind;
        expect(found, `${code} ${example}`).toBe(kind);
      }
  const kinds = new Set([
    ...Object.values(facts.byException),
    ...Object.values(facts.byCode),
    ...facts.byText.map(({ kind }) => kind),
  ]);
  for (const kind of kinds) expect(hintFor(kind), kind).not.toBe('');
});

// retry

const passing = new CallError('unavailable', 'down', '');

test.each([
  [new CallError('timeout', '', ''), true],
  [new CallError('unavailable', '', ''), true],
  [new CallError('unavailable', '', '', { code: 503 }), true],
  [new CallError('unavailable', '', '', { code: 534 }), false],
  [new CallError('rate-limit', '', '', { code: 429 }), true],
  [new CallError('rate-limit', '', '', { code: 530 }), false],
  [new CallError('invalid', '', '', { code: 431 }), false],
  [new CallError('unknown-outcome', '', '', { code: 503 }), false],
  [new CallError('protocol', '', ''), false],
  [new TypeError('bug'), false],
])('%o may be tried again: %s', (error, again) => {
  expect(isTransient(error)).toBe(again);
});

const attempts = async (errors: readonly Error[], retries: number, signal = never) => {
  let made = 0;
  const result = await withRetries({ retries, delay: 1 }, signal, () => {
    const error = errors[made++];
    return error ? Promise.reject(error) : Promise.resolve('done');
  }).catch((error: unknown) => error);
  return { made, result };
};

test('a read is tried again while it fails in passing, and no longer', async () => {
  expect(await attempts([], 3)).toEqual({ made: 1, result: 'done' });
  expect(await attempts([passing, passing], 3)).toEqual({ made: 3, result: 'done' });
  expect(await attempts([passing, passing, passing], 2)).toEqual({ made: 3, result: passing });
  expect(await attempts([passing], 0)).toEqual({ made: 1, result: passing });
  const wrong = new CallError('invalid', '', '');
  expect(await attempts([passing, wrong], 3)).toEqual({ made: 2, result: wrong });
  expect(await attempts([passing, passing], 3, AbortSignal.abort())).toEqual({ made: 1, result: passing });
});

test('who gives up while it waits hears what went wrong', async () => {
  const stop = new AbortController();
  let made = 0;
  const waiting = withRetries({ retries: 3, delay: 60_000 }, stop.signal, () => {
    made += 1;
    return Promise.reject(passing);
  });
  waiting.catch(() => undefined);
  await eventually(() => expect(made).toBe(1));
  stop.abort();
  await expect(waiting).rejects.toBe(passing);
});

test('the pause doubles each time, by half of it at random', async () => {
  const at: number[] = [];
  await withRetries({ retries: 3, delay: 20 }, never, () => {
    at.push(performance.now());
    return Promise.reject(passing);
  }).catch(() => undefined);
  expect(at).toHaveLength(4);
  for (const [index, pause] of [20, 40, 80].entries())
    expect(at[index + 1]! - at[index]!).toBeGreaterThanOrEqual(pause / 2 - 2);
});

// jobs

const follow = (states: Record<string, unknown>[], options: Partial<Parameters<typeof followJob>[3]> = {}) => {
  let polled = 0;
  const promise = followJob(
    'startVirtualMachine',
    'j1',
    () => Promise.resolve(states[Math.min(polled++, states.length - 1)]!),
    {
      wait: 5000,
      signal: never,
      interval: 1,
      ...options,
    },
  );
  return { promise, polled: () => polled };
};

test('a job is followed to its end', async () => {
  const seen: string[] = [];
  const { promise, polled } = follow(
    [{ jobstatus: 0 }, { jobstatus: 0 }, { jobstatus: 1, jobresult: { virtualmachine: { id: 'v' } } }],
    { progress: ({ message }) => seen.push(message) },
  );
  expect(await promise).toMatchObject({
    body: { virtualmachine: { id: 'v' } },
    job: { id: 'j1', status: 'succeeded' },
  });
  expect(polled()).toBe(3);
  expect(seen).toHaveLength(2);
  expect(seen[0]).toContain('startVirtualMachine: job j1 is running');
});

test('a job without a result succeeded all the same', async () => {
  expect((await follow([{ jobstatus: 1 }]).promise).body).toEqual({ success: true });
});

test('a job is looked at once even where nobody waits, and handed out as pending', async () => {
  const { promise, polled } = follow([{ jobstatus: 0 }], { wait: 0 });
  expect(await promise).toMatchObject({ body: {}, job: { id: 'j1', status: 'pending' } });
  expect(polled()).toBe(1);
});

test.each([
  [
    'failed',
    { jobstatus: 2, jobresultcode: 530, jobresult: { errorcode: 530, errortext: 'Cannot start' } },
    'failed',
    'Cannot start',
  ],
  ['failed without a text', { jobstatus: 2, jobresult: {} }, 'failed', 'failed without a text'],
  [
    'R9: was interrupted by a restart',
    { jobstatus: 2, jobresultcode: 530, cmd: 'org.apache.cloudstack.api.command.admin.vm.DeployVMCmdByAdmin' },
    'unknown-outcome',
    'DeployVM was interrupted and left no result',
  ],
  ['failed with a text for a result', { jobstatus: 2, jobresult: 'oops' }, 'failed', 'failed without a text'],
  ['cancelled', { jobstatus: 3 }, 'failed', 'the job was cancelled'],
  ['out of room', { jobstatus: 2, jobresult: { errorcode: 533, errortext: 'no room' } }, 'capacity', 'no room'],
])('a job that %s is an error', async (_what, state, kind, expectedText) => {
  const error = await failing(follow([state]).promise);
  expect(error).toMatchObject({ kind, job: 'j1' });
  expect(error.message).toContain('startVirtualMachine (job j1)');
  expect(error.message).toContain(expectedText);
});

test('who no longer waits is told that the job goes on', async () => {
  const stop = new AbortController();
  const { promise, polled } = follow([{ jobstatus: 0 }], { signal: stop.signal, interval: 60_000, wait: 600_000 });
  const error = failing(promise);
  await eventually(() => expect(polled()).toBe(1));
  stop.abort();
  expect(await error).toMatchObject({ kind: 'cancelled', job: 'j1' });
});

test('cancelled in the middle of a look, it is cancelled and not unknown', async () => {
  const stop = new AbortController();
  const promise = followJob(
    'x',
    'j1',
    () => {
      stop.abort();
      return Promise.reject(new CallError('cancelled', 'cancelled', ''));
    },
    { wait: 1000, signal: stop.signal, interval: 1 },
  );
  expect((await failing(promise)).kind).toBe('cancelled');
});

test.each([
  new CallError('unavailable', 'down', '', { code: 503 }),
  new CallError('not-found', 'no such job', '', { code: 431 }),
  new TypeError('bug'),
])('a job that cannot be seen did not fail: %o', async (error) => {
  const promise = followJob('x', 'j1', () => Promise.reject(error), { wait: 0, signal: never, interval: 1 });
  expect(await failing(promise)).toMatchObject({ kind: 'unknown-outcome', job: 'j1', cause: error });
});

// network

const transportOf = (send: Transport['send']): Transport => ({
  send,
  close: () => Promise.resolve(),
});
const coded = (code: string, inner?: unknown) => Object.assign(new Error(code, { cause: inner }), { code });
const endpointTo = (send: Transport['send'], url = 'https://cloud.example.com/client/api') =>
  createEndpoint(
    {
      ...defaults,
      url,
      name: 'default',
      connections: 1,
      maxWaiting: 100,
      keepAlive: 1000,
      maxAnswer: 64,
      breakerFailures: 0,
      breakerPause: 1000,
    },
    transportOf(send),
  );
const send = (error: Error, changes: boolean, signal = never, first?: () => void) =>
  sendOnce(
    endpointTo(() => {
      first?.();
      return Promise.reject(error);
    }),
    { method: 'POST', url: 'https://cloud.example.com/client/api', headers: {} },
    { command: 'x', signal, timeout: 1000, changes, read: (answer) => answer },
  );

test.each([
  ['refused', coded('ECONNREFUSED'), 'unavailable', 'unavailable', 'nothing was sent'],
  ['unknown host, inside', coded('', coded('ENOTFOUND')), 'unavailable', 'unavailable', 'nothing was sent'],
  [
    'refused by all addresses',
    new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
    'unavailable',
    'unavailable',
    'nothing was sent',
  ],
  ['a certificate', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'unavailable', 'unavailable', 'not trusted'],
  ['an authority', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'unavailable', 'unavailable', 'not trusted'],
  ['a reset', coded('ECONNRESET'), 'unavailable', 'unknown-outcome', 'the connection broke'],
  [
    'a host that is gone behind an open connection',
    Object.assign(coded('EHOSTUNREACH'), { syscall: 'read' }),
    'unavailable',
    'unknown-outcome',
    'read EHOSTUNREACH',
  ],
  [
    'a host that cannot be found',
    Object.assign(coded('EHOSTUNREACH'), { syscall: 'connect' }),
    'unavailable',
    'unavailable',
    'nothing was sent',
  ],
  ['a broken socket', coded('UND_ERR_SOCKET'), 'unavailable', 'unknown-outcome', 'the connection broke'],
  ['something of no known kind', new Error('odd'), undefined, 'unknown-outcome', 'odd'],
])('%s', async (_what, error, read, change, expectedReply) => {
  const changed = await failing(send(error, true));
  expect(changed.kind).toBe(change);
  expect(changed.message).toContain(expectedReply);
  if (read === undefined) await expect(send(error, false)).rejects.toBe(error);
  else expect((await failing(send(error, false))).kind).toBe(read);
});

test('cancelled: a read changed nothing, of a change nobody knows', async () => {
  const during = (changes: boolean, code = 'ABORT_ERR') => {
    const stop = new AbortController();
    return failing(send(coded(code), changes, stop.signal, () => stop.abort()));
  };
  expect((await during(false)).kind).toBe('cancelled');
  expect((await during(true)).kind).toBe('unknown-outcome');
  expect(await during(true, notStarted)).toMatchObject({
    kind: 'cancelled',
    message: 'x: cancelled before it was sent',
  });
});

test('too late: a read timed out, of a change nobody knows', async () => {
  const slow = endpointTo(
    (_request, stop) =>
      new Promise((_resolve, reject) => {
        stop.onStop = () => reject(stop.reason!);
      }),
  );
  const late = (changes: boolean) =>
    failing(
      sendOnce(
        slow,
        { method: 'GET', url: 'http://x/', headers: {} },
        { command: 'x', signal: never, timeout: 10, changes, read: (answer) => answer },
      ),
    );
  expect((await late(false)).kind).toBe('timeout');
  expect((await late(true)).kind).toBe('unknown-outcome');
  expect((await late(false)).message).toContain('no answer within 0.01 s');
});

// the whole client, over a transport that answers as the test says

let sent: { method: string; params: Record<string, string>; cookie: string | undefined }[] = [];
let client: CloudStack | undefined;
beforeEach(() => {
  sent = [];
});
afterEach(async () => {
  await client?.close();
  client = undefined;
});

type Answers = (params: Record<string, string>) => HttpResponse | Promise<HttpResponse>;

const open = (answers: Answers, options: Partial<CloudStackOptions> = {}): CloudStack =>
  (client = createCloudStack(
    {
      ...defaults,
      secret: { apiKey: 'k', secretKey: 's' },
      signature: 'sha1',
      timeout: 1000,
      retries: 2,
      retryDelay: 1,
      pollInterval: 1,
      ...options,
    },
    endpointTo(async ({ method, url, body, headers }) => {
      const params = Object.fromEntries(new URLSearchParams(body ?? url.split('?')[1]));
      sent.push({ method, params, cookie: headers['cookie'] });
      await Promise.resolve();
      return answers(params);
    }, 'http://cloud.test/client/api'),
  ));

const wire = (command: string, params = {}): WireParams => toReadWire(loadCatalog().find(command)!, params);
const change = (command: string): WireParams => ({ ...wire('listZones'), command, method: 'POST' }) as WireParams;
const options = { signal: never, wait: 0 };
const sentCommands = () => sent.map(({ params }) => params['command']);

test('a read goes by GET, a long one by POST, and both are signed', async () => {
  const cloud = open(() => response({ r: { count: 0 } }));
  await cloud.send(wire('listZones'), options);
  await cloud.send(wire('listVirtualMachines', { ids: Array.from({ length: 300 }, () => uuid) }), options);
  expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST']);
  for (const { params } of sent) expect(params).toMatchObject({ apiKey: 'k', signatureVersion: '3', response: 'json' });
});

test('a change that may have happened is of unknown outcome; one that CloudStack refused is not', async () => {
  const answers: Record<string, HttpResponse> = {
    html: response('<html>'),
    gateway: response('', 502),
    half: response('{"a":{'),
    refused: response({ r: { errorcode: 534, cserrorcode: 4380, errortext: 'down' } }, 534),
    wrong: response({ r: { errorcode: 431, cserrorcode: 4350, errortext: 'bad' } }, 431),
    login: response('unable to verify user credentials', 401),
  };
  const cloud = open(({ command }) => answers[command!]!);
  for (const name of ['html', 'gateway', 'half'])
    expect(await failing(cloud.send(change(name), options)), name).toMatchObject({ kind: 'unknown-outcome' });
  expect((await failing(cloud.send(change('refused'), options))).kind).toBe('unavailable');
  expect((await failing(cloud.send(change('wrong'), options))).kind).toBe('invalid');
  expect((await failing(cloud.send(change('login'), options))).kind).toBe('authentication');
  expect(sent).toHaveLength(6);
});

test('a row that has a job of its own is not taken for the stub of one', async () => {
  const cloud = open(() => response({ r: { id: 'v', jobid: 'j', jobstatus: 0, name: 'web' } }));
  expect((await cloud.send(change('x'), options)).body).toEqual({ id: 'v', jobid: 'j', jobstatus: 0, name: 'web' });
  expect(sent).toHaveLength(1);
});

test('of a job that goes on the id of the new thing is known', async () => {
  const cloud = open(({ command }) =>
    response(
      command === 'queryAsyncJobResult'
        ? { queryasyncjobresultresponse: { jobstatus: 0 } }
        : { r: { id: 'v', jobid: 'j' } },
    ),
  );
  expect(await cloud.send(change('x'), options)).toMatchObject({ body: { id: 'v' }, job: { status: 'pending' } });
});

// session

const secret = { username: 'bob', password: 'pass word+&', domain: 'sub/child' };

/** A cloud with sessions: `valid` ends them. */
const openSession = (answers: Answers = () => response({ r: { count: 0 } })) => {
  let number = 0;
  const valid = new Set<string>();
  const cloud = open(
    async (params) => {
      if (params['command'] === 'login') {
        const key = `key-${++number}`;
        valid.add(key);
        return response({ loginresponse: { sessionkey: key, is2faenabled: 'false' } }, 200, {
          'set-cookie': [`JSESSIONID=${number}; Path=/client; HttpOnly`, `sessionkey=${key}; HttpOnly`],
        });
      }
      if (params['command'] === 'logout') return response({ logoutresponse: { description: 'success' } });
      await new Promise((resolve) => setTimeout(resolve, 5 * Math.random()));
      if (!valid.has(params['sessionkey']!))
        return response({ r: { uuidList: [], errorcode: 401, errortext: 'unable to verify user credentials' } }, 401);
      return answers(params);
    },
    { secret },
  );
  return { cloud, valid };
};

const count = (command: string) => sentCommands().filter((name) => name === command).length;

test('one login for many requests at once, with cookies and session key in each of them', async () => {
  const { cloud } = openSession();
  await Promise.all(Array.from({ length: 20 }, () => cloud.send(wire('listZones'), options)));
  expect(count('login')).toBe(1);
  const [login] = sent;
  expect(login).toMatchObject({ method: 'POST', params: { ...secret, command: 'login', response: 'json' } });
  for (const { params, cookie } of sent.filter(({ params }) => params['command'] === 'listZones')) {
    expect(params['sessionkey']).toBe('key-1');
    expect(params['signature']).toBeUndefined();
    expect(cookie).toBe('JSESSIONID=1; sessionkey=key-1');
  }
});

test('when the session has ended it is renewed exactly once, also for many requests at once', async () => {
  const { cloud, valid } = openSession();
  await cloud.send(wire('listZones'), options);
  valid.clear();
  await Promise.all(Array.from({ length: 20 }, () => cloud.send(wire('listZones'), options)));
  expect(count('login')).toBe(2);
  expect(count('listZones')).toBe(1 + 20 + 20);
});

test('a change that an ended session refused is sent again: it was not run', async () => {
  const { cloud, valid } = openSession(() => response({ r: { success: true } }));
  await cloud.send(wire('listZones'), options);
  valid.clear();
  expect((await cloud.send(change('stopVirtualMachine'), options)).body).toEqual({ success: true });
  expect(count('stopVirtualMachine')).toBe(2);
  expect(count('login')).toBe(2);
});

test('a session that is refused again and again is an error, not a loop', async () => {
  const { cloud } = openSession(() =>
    response({ r: { errorcode: 401, errortext: 'unable to verify user credentials' } }, 401),
  );
  expect((await failing(cloud.send(wire('listZones'), options))).kind).toBe('authentication');
  expect(count('listZones')).toBe(2);
  expect(count('login')).toBe(2);
});

test('the session is logged out at the end, and nobody is logged in for that', async () => {
  const { cloud } = openSession();
  await cloud.close();
  expect(sent).toEqual([]);
  await cloud.send(wire('listZones'), options);
  await cloud.close();
  await cloud.close();
  expect(sentCommands()).toEqual(['login', 'listZones', 'logout']);
  expect(sent[2]).toMatchObject({ params: { sessionkey: 'key-1' }, cookie: 'JSESSIONID=1; sessionkey=key-1' });
});

test('a user with a second factor is told to use keys, and nothing else is sent', async () => {
  const cloud = open(
    () => response({ loginresponse: { sessionkey: 'k', is2faenabled: 'true', is2faverified: 'false' } }),
    {
      secret,
    },
  );
  const error = await failing(cloud.send(wire('listZones'), options));
  expect(error).toMatchObject({ kind: 'authentication', hint: expect.stringContaining('API key') as string });
  expect(sentCommands()).toEqual(['login']);
});

test('a login that got no answer is tried anew with the next call', async () => {
  let tries = 0;
  const cloud = open(
    ({ command }) =>
      command !== 'login'
        ? response({ r: { count: 0 } })
        : ++tries === 1
          ? response({ loginresponse: { errorcode: 530, errortext: 'The database is away' } }, 530)
          : response({ loginresponse: { sessionkey: 'k' } }, 200, { 'set-cookie': 'JSESSIONID=1; Path=/' }),
    { secret },
  );
  expect((await failing(cloud.send(wire('listZones'), options))).kind).toBe('failed');
  await cloud.send(wire('listZones'), options);
  expect(sent[2]!.cookie).toBe('JSESSIONID=1');
});

test('a login that was refused is said again without asking, for longer each time', async () => {
  let now = 0;
  const sentLogins: string[] = [];
  const credential = createSessionCredential(
    secret,
    (command) => {
      sentLogins.push(command);
      return Promise.resolve(
        response({ loginresponse: { errorcode: 531, errortext: 'Failed to authenticate user bob in domain 1' } }, 531),
      );
    },
    () => now,
  );
  const prove = () => failing(credential.prove({ command: 'listZones' }, new AbortController().signal));
  expect(await prove()).toMatchObject({ kind: 'authentication', code: 531 });
  for (const [minutes, logins] of [
    [1, 1],
    [4, 1],
    [6, 2],
    [15, 2],
    [17, 3],
  ] as const) {
    now = minutes * 60_000;
    const error = await prove();
    expect(error.kind).toBe('authentication');
    expect(error.message).toContain('Failed to authenticate user bob');
    expect(sentLogins.length, String(minutes)).toBe(logins);
  }
  expect((await prove()).message).toContain('nothing was sent');
});

test('who gives up during a login leaves the others theirs', async () => {
  let release: (() => void) | undefined;
  const cloud = open(
    ({ command }) =>
      command === 'login'
        ? new Promise((resolve) => {
            release = () => resolve(response({ loginresponse: { sessionkey: 'k' } }, 200, { 'set-cookie': 'a=b' }));
          })
        : response({ r: { count: 0 } }),
    { secret },
  );
  const stop = new AbortController();
  const first = failing(cloud.send(wire('listZones'), { ...options, signal: stop.signal }));
  const second = cloud.send(wire('listZones'), options);
  await eventually(() => expect(release).toBeDefined());
  stop.abort();
  expect((await first).kind).toBe('cancelled');
  release?.();
  await second;
  expect(sentCommands()).toEqual(['login', 'listZones']);
});

test('a change whose login failed was not sent, and its outcome is known', async () => {
  const cloud = open(() => response('<h1>Bad Gateway</h1>', 502), { secret });
  expect(await failing(cloud.send(change('stopVirtualMachine'), options))).toMatchObject({ kind: 'unavailable' });
  expect(sentCommands()).toEqual(['login']);
});

test('a logout that fails is nobody’s error', async () => {
  const posts: string[] = [];
  const credential = createSessionCredential({ username: 'u', password: 'p' }, (_command, body) => {
    posts.push(body);
    return posts.length === 1
      ? Promise.resolve(response({ l: { sessionkey: 'k' } }))
      : Promise.reject(new Error('down'));
  });
  await credential.prove({ command: 'x' }, never);
  await credential.close(never);
  expect(posts).toHaveLength(2);
  expect(posts[0]).not.toContain('domain');
});
