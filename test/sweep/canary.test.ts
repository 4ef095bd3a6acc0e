import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { openTracing } from '../../src/telemetry/open-tracing.ts';
import { runCommand, startFake } from '../support/harness.ts';
import { startCollector } from '../telemetry/collector.ts';
import { openApp, requiredOf, usual, uuid, valueFor, type Answers } from '../guard/counting.ts';
import { countSeeded, leaksIn, seedSecrets, rich, secretArgs, secrets } from './seeded-secrets.ts';
import { openRaw } from '../guard/raw.ts';

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
        const args = requiredOf(tool.command, secretArgs(tool));
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
          const wrong = parameter.type === 'string' ? { deep: seedSecrets('wrong') } : seedSecrets('wrong');
          const given = requiredOf(command, { [parameter.name]: wrong, nothing: 1 });
          for (const leak of leaksIn(`${name} invalid`, JSON.stringify(await raw.call(name, given)))) leaks.add(leak);
        }
      await raw.close();
      await app.close();
      audit.push(readFileSync(config.audit, 'utf8'));
      for (const leak of leaksIn('stderr', said.join('\n'))) leaks.add(leak);
      const folder = join(state, 'approvals');
      const files = elicits ? [] : readdirSync(folder);
      // As many as a principal has places.
      if (!elicits) expect(files.length).toBe(10);
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
    expect(countSeeded()).toBeGreaterThan(500);
    expect([...leaks].slice(0, 60)).toEqual([]);
  });

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
      const json = JSON.stringify(requiredOf(tool.command, secretArgs(tool)));
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
});

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
