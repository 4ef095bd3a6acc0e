import { PassThrough } from 'node:stream';
import { createApp, type App } from '../../src/app/app.ts';
import type { HttpRequest, HttpResponse, Stop } from '../../src/cloudstack/transport.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Observation } from '../../src/observe.ts';
import type { CallRequest } from '../../src/types.ts';
import { failing } from '../support/failing.ts';

export const id = '5f0f2d3c-0000-4000-8000-000000000001';
export const zones = { listzonesresponse: { count: 1, zone: [{ id, name: 'Frankfurt' }] } };
export const reply = (body: unknown, status = 200, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
export const reset = (): never => {
  throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
};

/** Never answers; ends only when it is given up. */
export const hang = (stop: Stop): Promise<never> =>
  new Promise((_resolve, reject) => {
    stop.onStop = () => reject(stop.reason!);
  });

type Answer = (command: string, stop: Stop, request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

export const urls = { one: 'http://one.test/client/api', other: 'http://other.test/client/api' };

/** A whole app over a network that answers as the test says; every request that left is in `sent`, as `host command`. */
export const openApp = async (answer: Answer, settings: Record<string, unknown> = {}) => {
  const sent: string[] = [];
  const seen: Observation[] = [];
  let now: Answer = answer;
  const config = await loadConfig(
    { audit: 'stderr', discover: 'false', retries: 0, retryDelay: 0, pollInterval: 1, ...settings },
    {},
  );
  const secret = (name: string) => ({ apiKey: name, secretKey: name });
  const signature = 'sha1' as const;
  const app: App = createApp(
    {
      ...config,
      state: '/nonexistent',
      profile: 'one',
      profiles: {
        one: { endpoint: urls.one, secret: secret('one'), signature },
        same: { endpoint: urls.one, secret: secret('same'), signature },
        other: { endpoint: urls.other, secret: secret('other'), signature },
      },
    },
    {
      stderr: new PassThrough().resume(),
      observe: (observation) => void seen.push(observation),
      transport: {
        send: async (request, stop) => {
          const params = new URLSearchParams(request.body ?? request.url.split('?')[1]);
          const command = params.get('command') ?? '';
          // Which account it is, of several clouds: read once for each after an answer, and no matter of these tests.
          if (command === 'listAccounts') return reply({ listaccountsresponse: {} });
          sent.push(`${new URL(request.url).hostname.split('.')[0]} ${command}`);
          return now(command, stop, request);
        },
        close: () => Promise.resolve(),
      },
    },
  );
  const call = (tool: string, { profile = 'one', ...more }: Partial<CallRequest> & { profile?: string } = {}) =>
    app.call({
      tool,
      args: {},
      view: {},
      wait: 0,
      caller: { principal: 'local', host: 'test', profile, isLocal: true },
      consent: () => Promise.resolve(undefined),
      signal: new AbortController().signal,
      ...more,
    });
  return {
    app,
    sent,
    seen,
    call,
    read: (more: Parameters<typeof call>[1] = {}) => call('list-zones', more),
    deploy: (more: Parameters<typeof call>[1] = {}) =>
      call('deploy-virtual-machine', { args: { zoneid: id, serviceofferingid: id, templateid: id }, ...more }),
    failing,
    answer: (next: Answer) => {
      now = next;
    },
  };
};

export type TestApp = Awaited<ReturnType<typeof openApp>>;

/** Lets everything happen that needs no time. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};
