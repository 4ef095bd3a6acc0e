import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import type { Parameter, ResponseType } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { isSecretName } from '../../src/secrets.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { openTracing } from '../../src/telemetry/open-tracing.ts';
import { runCommand, startFake } from '../support/harness.ts';
import { startCollector } from '../telemetry/collector.ts';
import { openApp, requiredOf, usual, uuid, valueFor, type Answers } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';

const canary = 'Kanarienvogel';
let planted = 0;
/** Unlike any other, with what encodings change. */
const plant = (where: string): string => `${canary}-${planted++}-${where} &"ö/`;

const secrets = loadData<{ fields: string[]; endings: string[]; answers: Record<string, string[]> }>('secrets.json');
const types = new Map(loadData<ResponseType[]>('responses.json').map((type) => [type.name, type.fields]));

/** Every secret place among the parameters of a command, filled. */
const secretArgs = ({ command }: Tool): Record<string, unknown> => {
  const fill = (parameter: Parameter): unknown => {
    const { name, type, map } = parameter;
    if (type === 'map') {
      if (map?.form === 'rows')
        return [Object.fromEntries((map.keys ?? []).map((key) => [key, isSecretName(key) ? plant(key) : 'x']))];
      return isSecretName(name)
        ? { k: plant(name) }
        : {
            password: plant(name),
            'some.secret.key': plant(name),
            url: `cifs://nas/x?user=u&password=${plant('').replace(/[ &"ö/]/g, '_')}`,
          };
    }
    if (type === 'string') return isSecretName(name) ? plant(name) : undefined;
    return type === 'list' && isSecretName(name) ? [plant(name).replaceAll(',', ';')] : undefined;
  };
  const filled = command.params.map((parameter) => [parameter.name, fill(parameter)] as const);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
};

const rowOf = (type: string, depth = 2): Record<string, unknown> =>
  Object.fromEntries(
    (types.get(type) ?? []).map((field) => {
      const value = (): unknown => {
        // Says whether keys may be used, not what they are.
        const isKey = field.sensitive && field.name !== 'apikeyaccess';
        if (isKey || isSecretName(field.name)) return plant(`${type}.${field.name}`);
        if (field.type === 'object') return depth && field.ref ? rowOf(field.ref, depth - 1) : {};
        if (field.type === 'map') return { 'x.password': plant(`${type}.${field.name}`) };
        return field.type === 'string' ? 'x' : 1;
      };
      return [field.name, field.list ? [value()] : value()];
    }),
  );

/** An answer with a secret in every place where one can be. */
const rich: Answers = (name, params) => {
  const command = loadCatalog().find(name)?.command;
  if (command === undefined || name === 'queryAsyncJobResult') return undefined;
  const extra = [...secrets.fields, ...secrets.endings.map((end) => `my${end}`), ...(secrets.answers[name] ?? [])];
  const row = {
    ...rowOf(command.response),
    ...Object.fromEntries(extra.map((field) => [field, plant(`${name}.${field}`)])),
    details: { adminpassword: plant('details') },
    nested: [
      { name: 'bind.password', value: plant('pair') },
      { key: 'secretkey', value: plant('pair') },
    ],
    address: `rbd://user:${plant('').replace(/[ &"ö/]/g, '_')}@host/pool`,
    id: params['id'] ?? uuid(1),
    name: 'thing',
  };
  const key = [command.key ?? 'item'].flat()[0]!;
  if (command.async) return undefined;
  return command.result === 'list' ? { count: 1, [key]: [row] } : command.result === 'flat' ? row : { [key]: row };
};

const quoteAll = (params: Record<string, string>): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${value}; ${encodeURIComponent(value)}; ${JSON.stringify(value)}; '${value}'`)
    .join(', ');

/** A cloud that repeats what it was given in its errors, at once or when the job ends. */
const createEcho = (): Answers => {
  let last = '';
  return (name, params) => {
    // What another call was given is told by nobody who does not know its job.
    if (name === 'queryAsyncJobResult' && params['jobid'] !== uuid(2)) last = 'Nothing known';
    if (name.startsWith('list') && params['password'] === undefined && Object.keys(params).length < 12)
      return undefined;
    if (name === 'queryAsyncJobResult')
      return {
        jobid: params['jobid'],
        jobstatus: 2,
        jobresultcode: 530,
        jobresult: { errorcode: 530, errortext: last },
      };
    last = `Cannot do that with ${quoteAll(params)}`;
    if (loadCatalog().find(name)?.command.async) return { jobid: uuid(2) };
    return { errorcode: 431, cserrorcode: 4350, errortext: last };
  };
};

/** Where a word stands, with what is around it. */
const leaksIn = (sink: string, text: string): string[] =>
  [...text.matchAll(new RegExp(`.{0,60}${canary}.{0,40}`, 'g'))].map(([around]) => `${sink}: ${around}`);

for (const [what, create] of [
  ['answers', () => rich],
  ['errors that repeat what was sent', createEcho],
] as const)
  test(`no secret of any command in any sink: ${what}, through MCP`, async () => {
    const leaks = new Set<string>();
    const audit: string[] = [];
    const metrics = createMetrics();
    const collector = await startCollector();
    const tracing = openTracing({ url: `${collector.url}/v1/traces`, headers: {} }, () => undefined);
    for (const [policy, elicits] of [
      [{}, true],
      [{ preset: 'strict' }, false],
    ] as const) {
      const { app, state, said, config, close } = await openApp(
        { policy },
        {
          answers: create(),
          env: { CLOUDSTACK_MCP_TOOLS: 'all', CLOUDSTACK_MCP_AUDIT: '' },
          observe: metrics.observe,
          tracing: () => Promise.resolve(tracing),
        },
      );
      const raw = await openRaw(app, { elicits });
      for (const tool of loadCatalog().tools) {
        const args = { ...requiredOf(tool.command), ...secretArgs(tool) };
        const first = await raw.call(tool.name, args);
        for (const leak of leaksIn(`${tool.command.name} first`, JSON.stringify(first))) leaks.add(leak);
        const asked = first.result?.inputRequests?.['confirm']?.params;
        if (!asked) continue;
        const phrase = /"([^"]*)" to do it/.exec(asked.message)?.[1];
        const content = phrase === undefined ? { confirm: true } : { phrase };
        const second = await raw.call(tool.name, args, {
          inputResponses: { confirm: { action: 'accept', content } },
          requestState: first.result!.requestState,
        });
        expect(second.result?.structuredContent?.['error']?.kind, tool.name).not.toBe('unconfirmed');
        for (const leak of leaksIn(`${tool.command.name} second`, JSON.stringify(second))) leaks.add(leak);
      }
      // What is told about arguments that are wrong.
      for (const { name, command } of loadCatalog().tools)
        for (const parameter of command.params.filter((one) => isSecretName(one.name))) {
          const wrong = parameter.type === 'string' ? { deep: plant('wrong') } : plant('wrong');
          const given = { ...requiredOf(command), [parameter.name]: wrong, nothing: 1 };
          for (const leak of leaksIn(`${name} invalid`, JSON.stringify(await raw.call(name, given)))) leaks.add(leak);
        }
      await raw.close();
      await app.close();
      audit.push(readFileSync(config.audit, 'utf8'));
      for (const leak of leaksIn('stderr', said.join('\n'))) leaks.add(leak);
      const folder = join(state, 'approvals');
      const files = elicits ? [] : readdirSync(folder);
      if (!elicits) expect(files.length).toBeGreaterThan(10);
      for (const file of files)
        for (const leak of leaksIn('approvals', readFileSync(join(folder, file), 'utf8'))) leaks.add(leak);
      await close();
    }
    for (const leak of leaksIn('audit', audit.join('\n'))) leaks.add(leak);
    const counted = await metrics.text();
    for (const leak of leaksIn('metrics', counted)) leaks.add(leak);
    expect(counted).toContain('tool="deploy-virtual-machine"');
    await tracing.close();
    for (const leak of leaksIn('traces', collector.bodies.join('\n'))) leaks.add(leak);
    // More than fit into a batch at once are left out.
    expect(collector.spans().length).toBeGreaterThan(1000);
    collector.close();
    expect(audit.join('\n').split('\n').length).toBeGreaterThan(2 * loadCatalog().tools.length);
    expect(planted).toBeGreaterThan(500);
    expect([...leaks].slice(0, 60)).toEqual([]);
  }, 120_000);

test('no secret in what the command line prints', async () => {
  const echo = createEcho();
  for (const answers of [rich, echo]) {
    const cloud = await startFake((name, response, _request, search) => {
      const params = Object.fromEntries(search);
      const command = loadCatalog().find(name)?.command;
      const body = answers(name, params) ?? usual(command, params);
      if ('errorcode' in body) response.statusCode = Number(body['errorcode']);
      response.end(JSON.stringify({ [command?.wrapper ?? 'response']: body }));
    });
    const env = { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false' };
    const leaks: string[] = [];
    const tools = loadCatalog().tools.filter(
      ({ command }) => command.params.some(({ name }) => isSecretName(name)) || secrets.answers[command.name],
    );
    expect(tools.length).toBeGreaterThan(60);
    for (const tool of tools) {
      const json = JSON.stringify({ ...requiredOf(tool.command), ...secretArgs(tool) });
      for (const more of [['--output', 'json', '--fields', '*'], ['--dry-run']]) {
        const { stdout, stderr } = await runCommand(['call', tool.name, '--json', json, ...more], {
          env,
          answers: ['yes'],
        });
        leaks.push(...leaksIn(`${tool.name} ${more.join(' ')}`, `${stdout}\n${stderr}`));
      }
    }
    await cloud.close();
    expect(leaks.slice(0, 40)).toEqual([]);
  }
}, 120_000);

test('what stands in every answer of a value that is no secret stays', async () => {
  const { app, close } = await openApp(
    {},
    { answers: () => ({ errorcode: 431, errortext: 'No volume is called data-1 in zone x' }) },
  );
  const raw = await openRaw(app);
  const { result } = await raw.call('change', {
    tool: 'updateUser',
    arguments: { id: uuid(1), firstname: 'data-1', password: 'zone' },
  });
  expect(result?.content?.[0]?.text).toContain('No volume is called data-1 in');
  expect(valueFor({ name: 'x', type: 'string' })).toBe('x');
  await raw.close();
  await close();
});
