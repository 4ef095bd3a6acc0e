import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type App } from '../../src/app/app.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { findValues } from '../../src/catalog/values.ts';
import type { Transport } from '../../src/cloudstack/transport.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Consent } from '../../src/consent.ts';
import { loadData } from '../../src/data.ts';
import type { Observe, Tracing } from '../../src/observe.ts';
import type { Store } from '../../src/store/store.ts';
import type { CallRequest } from '../../src/types.ts';
import { fitArguments } from '../support/fit.ts';
import { formatted } from '../support/formats.ts';

export const uuid = (n: number): string => `5f0f2d3c-0000-4000-8000-${String(n).padStart(12, '0')}`;

type Body = Record<string, unknown>;
type Params = Record<string, string>;

/** What a cloud answers to a command, inside its envelope; undefined leaves the usual well-formed answer. */
export type Answers = (command: string, params: Params) => Body | undefined;

/** One row that any list shows: it has the id and the name that were asked for. */
const row = (params: Params): Body => ({
  id: params['id'] ?? params['nicid'] ?? params['certid'] ?? params['vmsnapshotid'] ?? uuid(1),
  jobid: params['jobid'] ?? uuid(2),
  name: params['name'] ?? params['securitygroupname'] ?? 'thing-1',
  username: params['username'],
  ipaddress: params['ipaddress'],
  state: 'Running',
  tags: [],
});

/** What a cloud answers when all is well. */
export const usual = (command: Command | undefined, params: Params): Body => {
  if (command?.name === 'queryAsyncJobResult')
    return { jobid: params['jobid'], jobstatus: 1, jobresult: { success: true } };
  if (command?.async) return { jobid: uuid(2) };
  const key = [command?.key ?? 'item'].flat()[0] ?? 'item';
  if (command?.result === 'list') {
    // A list that takes no id shows also what `valueFor` names.
    const takesId = command.params.some(({ name }) => name === 'id' || name in params);
    const rows = takesId ? [row(params)] : [row(params), { ...row(params), id: uuid(7) }];
    return { count: rows.length, [key]: rows };
  }
  if (command?.result === 'object') return { [key]: row(params) };
  return command?.result === 'flat' ? row(params) : { success: true };
};

/** What an account lists of accounts when it asks for no other: itself, a root administrator. */
const ownAccount = (name: string, params: Params): Record<string, unknown> | undefined =>
  name === 'listAccounts' && ['id', 'name', 'listall', 'domainid'].every((one) => params[one] === undefined)
    ? { count: 1, account: [{ id: uuid(1), name: 'admin', accounttype: 1, domainpath: 'ROOT' }] }
    : undefined;

/** A transport that answers every command well-formed, and keeps what was sent. */
export const createCounting = (answers: Answers = () => undefined) => {
  const sent: { command: string; params: Params }[] = [];
  const transport: Transport = {
    send: ({ url, body }) => {
      const params = Object.fromEntries(new URLSearchParams(body ?? url.split('?')[1]));
      const name = params['command'] ?? '';
      sent.push({ command: name, params });
      const command = loadCatalog().find(name)?.command;
      const inner = ownAccount(name, params) ?? answers(name, params) ?? usual(command, params);
      const status = 'errorcode' in inner ? Number(inner['errorcode']) : 200;
      return Promise.resolve({
        status,
        headers: {},
        body: JSON.stringify({ [command?.wrapper ?? 'response']: inner }),
      });
    },
    close: () => Promise.resolve(),
  };
  return { transport, sent, times: (command: string) => sent.filter((one) => one.command === command).length };
};

/** An app over a counting transport. `sections`: what the configuration file says of policy, roles and principals. */
export const openApp = async (
  sections: Record<string, unknown> = {},
  {
    answers,
    env = {},
    store,
    transport,
    cache = false,
    observe,
    tracing,
  }: {
    answers?: Answers | undefined;
    env?: Record<string, string>;
    store?: Store | undefined;
    transport?: Transport | undefined;
    /** Keep answers, as a server does. */
    cache?: boolean;
    observe?: Observe | undefined;
    tracing?: (() => Promise<Tracing>) | undefined;
  } = {},
) => {
  const state = mkdtempSync(join(tmpdir(), 'cloudstack-guard-'));
  const base = await loadConfig(
    {},
    {
      CLOUDSTACK_API_URL: 'http://cloud.invalid/client/api',
      CLOUDSTACK_API_KEY: 'key',
      CLOUDSTACK_SECRET_KEY: 'secret',
      CLOUDSTACK_MCP_AUDIT: '/dev/null',
      CLOUDSTACK_MCP_DISCOVER: 'false',
      CLOUDSTACK_MCP_RETRIES: '0',
      CLOUDSTACK_MCP_POLL_INTERVAL: '1',
      CLOUDSTACK_MCP_STATE: state,
      ...env,
    },
  );
  const counting = createCounting(answers);
  const output: string[] = [];
  const { policySection, principalsSection, rolesSection } = await import('../../src/config/policy.ts');
  const config = {
    ...base,
    ...(sections['policy'] ? { policy: policySection.parse(sections['policy']) } : {}),
    ...(sections['roles'] ? { roles: rolesSection.parse(sections['roles']) } : {}),
    ...(sections['principals'] ? { principals: principalsSection.parse(sections['principals']) } : {}),
  };
  const app: App = createApp(config, {
    cache,
    stderr: { write: (text: string) => output.push(text) },
    transport: transport ?? counting.transport,
    observe,
    tracing,
    ...(store ? { store } : {}),
  });
  return {
    app,
    config,
    state,
    said: output,
    ...counting,
    close: async () => {
      await app.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
};

export const requestOf = (
  tool: string,
  args: Record<string, unknown>,
  more: Partial<CallRequest> = {},
): CallRequest => ({
  tool,
  args,
  view: {},
  wait: 1000,
  caller: { principal: 'local', host: 'test', profile: 'default' },
  consent: () => Promise.resolve(undefined),
  signal: new AbortController().signal,
  ...more,
});

const { byType } = loadData<{ byType: Record<string, string> }>('references.json');

/** A person at a terminal who agrees to everything. */
export const yes: Consent = ({ digest, phrase }) =>
  Promise.resolve({ action: 'accept', confirm: true, phrase, digest, nonce: crypto.randomUUID(), by: 'terminal' });

/** A value that validation takes; of a command, one of its parameter's closed set. */
export const valueFor = (parameter: Parameter, command = ''): unknown => {
  const { name, type, of, map, length, validations } = parameter;
  const known = (key?: string): string | number | undefined => findValues(command, name, key)?.values[0];
  const isId = type === 'uuid' || of === 'uuid' || validations?.includes('UuidString');
  if (isId || Object.hasOwn(byType, name)) return type === 'list' ? [uuid(7)] : uuid(7);
  const first = known();
  if (first !== undefined) return type === 'list' ? [first] : first;
  if (type === 'boolean') return true;
  if (['integer', 'long', 'short', 'double'].includes(type)) return 1;
  if (type === 'date') return '2026-01-31';
  if (type === 'map') {
    if (map?.form === 'rows') return [Object.fromEntries((map.keys ?? []).map((key) => [key, known(key) ?? 'x']))];
    return { k: 'v' };
  }
  // HOURLY, the first of the interval types, or cron fields.
  if (name === 'schedule') return findValues(command, 'intervaltype') ? '30' : '0 8 * * *';
  const text = formatted(parameter);
  if (text !== undefined) return type === 'list' ? [text] : text;
  return type === 'list' ? ['x'] : 'x'.slice(0, length ?? 1);
};

/** Some parameters of a command, filled, with what has to be given beside them; what is `given` stays as it is. */
export const filledWith = (
  command: Command,
  chosen: (parameter: Parameter) => boolean,
  given: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => {
  const made = command.params
    .filter(chosen)
    .map((parameter) => [parameter.name, valueFor(parameter, command.name)] as const);
  return fitArguments<unknown>(
    command,
    { ...Object.fromEntries(made), ...given },
    (parameter, wanted) => wanted ?? valueFor(parameter, command.name),
    Object.keys(given),
  );
};

/** The required parameters of a command, filled, beside what is `given`. */
export const requiredOf = (command: Command, given: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  filledWith(command, ({ required }) => required === true, given);
