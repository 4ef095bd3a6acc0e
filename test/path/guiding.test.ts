import { SkillsClient } from '@modelcontextprotocol/client/ext/skills';
import { readdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHost, profileOf, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

// Prompts, resources, skills and completions, as a real client of both protocol versions gets them.

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-guiding-'));
const template = 'cloudstack://{profile}/{kind}/{id}';
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const textOf = async (host: Host, name: string, args: Record<string, string>): Promise<string> => {
  const { messages } = await host.client.getPrompt({ name, arguments: args });
  const [message] = messages;
  expect(message).toMatchObject({ role: 'user', content: { type: 'text' } });
  return message!.content.type === 'text' ? message!.content.text : '';
};

const read = async (host: Host, uri: string): Promise<Record<string, any>> => {
  const { contents } = await host.client.readResource({ uri });
  const [content] = contents;
  expect(content).toMatchObject({ uri, mimeType: 'application/json' });
  return JSON.parse(content && 'text' in content ? content.text : '') as Record<string, any>;
};

describe.each(['old', 'new'] as const)('protocol %s', (protocol) => {
  let host: Host;
  beforeAll(async () => {
    host = await openHost({ env: cloud.env, protocol });
    // Completion waits for a moment only, and the first call asks the cloud what it offers.
    await host.call('whoami');
  });
  afterAll(async () => {
    await host.close();
  });

  test('every prompt is given with its arguments put in; what is missing or unknown is named', async () => {
    const { prompts } = await host.client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('capacity-review');
    for (const { name, arguments: asked = [] } of prompts) {
      const args = Object.fromEntries(asked.map((one) => [one.name, `the ${one.name} of "x"`]));
      const text = await textOf(host, name, args);
      for (const one of asked) expect(text, name).toContain(`the ${one.name} of`);
      expect(text, name).not.toMatch(/\{[a-z]+\}/);
      const required = Object.fromEntries(asked.filter((one) => one.required).map((one) => [one.name, 'x']));
      expect(await textOf(host, name, required), name).not.toMatch(/\{[a-z]+\}|undefined/);
    }
    await expect(host.client.getPrompt({ name: 'prepare-host-maintenance' })).rejects.toThrow('host is missing');
    await expect(host.client.getPrompt({ name: 'clean-up', arguments: { nope: 'x' } })).rejects.toThrow('nope');
    await expect(host.client.getPrompt({ name: 'nope' })).rejects.toThrow('capacity-review');
  });

  test('M02: null and empty for an argument of any prompt are as if it were not given, a number is its digits', async () => {
    const { prompts } = await host.client.listPrompts();
    const get = (name: string, args: Record<string, unknown>) => textOf(host, name, args as Record<string, string>);
    for (const { name, arguments: asked = [] } of prompts) {
      const required = Object.fromEntries(asked.filter((one) => one.required).map((one) => [one.name, 'x']));
      const plain = await get(name, required);
      for (const { name: argument, required: isRequired } of asked) {
        for (const nothing of [null, '', '  ']) {
          const answer = get(name, { ...required, [argument]: nothing });
          if (isRequired) await expect(answer, `${name} ${argument}`).rejects.toThrow(`${argument} is missing`);
          else expect(await answer, `${name} ${argument}`).toBe(plain);
        }
        expect(await get(name, { ...required, [argument]: 4711 }), name).toContain('4711');
      }
      const nothing = Object.fromEntries(asked.filter((one) => !one.required).map((one) => [one.name, null]));
      expect(await get(name, { ...required, ...nothing }), name).toBe(plain);
    }
    expect(await get('clean-up', null as never)).toBe(await get('clean-up', {}));
    // Lists that have pages, and completion beside arguments that were left empty.
    const { tools } = await host.client.listTools({ cursor: null } as never);
    expect(tools.length).toBeGreaterThan(0);
    const { completion } = await host.client.complete({
      ref: { type: 'ref/prompt', name: 'prepare-host-maintenance' },
      argument: { name: 'host', value: '' },
      context: { arguments: { zone: null } },
    } as never);
    expect(completion.values.length).toBeGreaterThan(0);
  });

  test('find-tools leads a question that no command answers to the diagnosis or the prompt that does', async () => {
    const firstOf = async (query: string): Promise<Record<string, unknown>> => {
      const { matches } = await host.call('find-tools', { query }).then(({ structured }) => structured);
      return (matches as Record<string, unknown>[])[0]!;
    };
    expect(await firstOf('why can I not reach it')).toMatchObject({ tool: 'diagnose', args: { kind: 'machine' } });
    const { prompt, how } = await firstOf('what did this cost');
    expect(how).toContain(String(prompt));
    expect(await textOf(host, String(prompt), { account: 'dev' })).toContain('dev');
  });

  test('a resource is read by its usual columns and in full, by id or name; what is not there is not found', async () => {
    const { resourceTemplates } = await host.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([template, `${template}/full`]);
    const usual = await read(host, 'cloudstack://default/virtual-machine/web-1');
    expect(usual).toMatchObject({ name: 'web-1', state: 'Running' });
    const full = await read(host, `cloudstack://default/UserVm/${usual['id']}/full`);
    expect(full).toMatchObject({ id: usual['id'], templateid: expect.anything() });
    expect(usual).not.toHaveProperty('templateid');
    const user = await read(host, 'cloudstack://default/user/admin/full');
    expect(JSON.stringify(user)).not.toContain(cloud.env['CLOUDSTACK_SECRET_KEY']);
    for (const uri of [
      'cloudstack://default/virtual-machine/no-such-vm',
      'cloudstack://default/no-such-kind/web-1',
      'cloudstack://nowhere/virtual-machine/web-1',
      'cloudstack://default/virtual-machine',
      'skill://no-such/SKILL.md',
      'file:///etc/passwd',
    ])
      await expect(host.client.readResource({ uri }), uri).rejects.toMatchObject({ code: -32602 });
    expect(host.audit().filter(({ tool }) => tool === 'listVirtualMachines').length).toBeGreaterThan(0);
  });

  test('arguments of prompts and parts of addresses are completed from the cloud', async () => {
    const complete = async (
      ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string },
      name: string,
      value: string,
      args?: Record<string, string>,
    ): Promise<string[]> => {
      const context = args ? { context: { arguments: args } } : {};
      return (await host.client.complete({ ref, argument: { name, value }, ...context })).completion.values;
    };
    const prompt = (name: string) => ({ type: 'ref/prompt' as const, name });
    const address = { type: 'ref/resource' as const, uri: template };
    expect(await complete(prompt('capacity-review'), 'zone', 'fr')).toEqual(['Frankfurt']);
    expect(await complete(prompt('backup-drill'), 'machine', 'web-')).toContain('web-1');
    expect(await complete(prompt('clean-up'), 'days', '')).toEqual([]);
    expect(await complete(address, 'profile', '')).toEqual(['default']);
    expect(await complete(address, 'kind', 'virtual-m')).toEqual(['virtual-machine']);
    const machine = { profile: 'default', kind: 'virtual-machine' };
    expect(await complete(address, 'id', 'web-', machine)).toContain('web-1');
    const [id] = await complete(address, 'id', '', machine);
    expect(await read(host, `cloudstack://default/virtual-machine/${id}`)).toHaveProperty('name');
    expect(await complete(address, 'id', '', { profile: 'default', kind: 'no-such-kind' })).toEqual([]);
  });

  test('skills are listed, got and read with their digests verified', async () => {
    const skills = new SkillsClient(host.client);
    expect(skills.supported).toBe(true);
    const listed = await skills.list();
    expect(listed.invalid).toEqual([]);
    const { resources } = await host.client.listResources();
    expect(resources.map(({ uri }) => uri).sort()).toEqual(listed.skills.map(({ uri }) => uri).sort());
    for (const { uri } of listed.skills) {
      const { skill } = await skills.get(uri);
      const { verified, text } = await skills.read(skill);
      expect(verified, uri).toBe(true);
      expect(text, uri).toContain('\ndescription: ');
    }
    expect(listed.skills.map(({ frontmatter }) => frontmatter.name)).toContain('cloudstack-command-line');
    await expect(skills.get('skill://no-such/SKILL.md')).rejects.toThrow('No skill');
  });
});

test("the operator's own prompts are beside ours, go before one of the same name, and what is wrong with them is said", async () => {
  const config = join(folder, 'config.json');
  const write = (prompts: unknown): void =>
    writeFileSync(config, JSON.stringify({ profiles: { default: profileOf(cloud) }, prompts }), { mode: 0o600 });
  const asked = [{ name: 'zone', description: 'The zone', of: 'zone', required: true }];
  write({
    'night-shift': { description: 'What the night shift does', arguments: asked, text: 'Look at {zone}.' },
    'clean-up': { title: 'Ours', description: 'Our way', text: 'Ask Ann.' },
  });
  const host = await openHost({ flags: ['--config', config] });
  const { prompts } = await host.client.listPrompts();
  expect(prompts.filter(({ name }) => name === 'clean-up').map(({ title }) => title)).toEqual(['Ours']);
  expect(await textOf(host, 'night-shift', { zone: 'Frankfurt' })).toBe('Look at Frankfurt.');
  await host.call('whoami');
  const ref = { type: 'ref/prompt' as const, name: 'night-shift' };
  const { completion } = await host.client.complete({ ref, argument: { name: 'zone', value: 'F' } });
  expect(completion.values).toEqual(['Frankfurt']);
  await host.close();
  write({ 'Night Shift': { description: 'x', text: 'x' } });
  const { status, stderr } = await runCommand(['serve', '--config', config]);
  expect(stderr).toContain('prompts: ');
  expect(status).toBe(2);
});

test('a resource that lies outside a role is not found, and a role without reads reads none', async () => {
  const config = join(folder, 'roles.json');
  const roles = { sales: { domains: ['ROOT/no-such'] }, none: { risks: ['change'] } };
  const open = async (role: string): Promise<Host> => {
    const principals = { local: { role } };
    const content = { profiles: { default: profileOf(cloud) }, roles, principals };
    writeFileSync(config, JSON.stringify(content), { mode: 0o600 });
    return openHost({ flags: ['--config', config] });
  };
  for (const role of ['sales', 'none']) {
    const host = await open(role);
    const uri = 'cloudstack://default/virtual-machine/web-1';
    await expect(host.client.readResource({ uri }), role).rejects.toMatchObject({ code: -32602 });
    await host.close();
  }
});

test('the folder of skills is what the server serves', async () => {
  const host = await openHost({ env: cloud.env });
  const { resources } = await host.client.listResources();
  for (const { uri } of resources) {
    const { contents } = await host.client.readResource({ uri });
    const [content] = contents;
    const path = uri.replace('skill://', 'skills/');
    expect(content && 'text' in content ? content.text : '', path).toBe(readFileSync(path, 'utf8'));
  }
  expect(readdirSync('skills').length).toBe(resources.length);
  await host.close();
});
