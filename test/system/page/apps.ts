import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { build } from 'esbuild';
import type { Frame, Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import type { Stage } from './stage.ts';

/** A host's side in the browser: the official bridge, and a frame as it shows views in. */
const hostSource = `
import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';
window.startHost = async (html, csp, args, result, theme) => {
  const frame = document.createElement('iframe');
  frame.sandbox = 'allow-scripts';
  frame.style = 'width: 100%; height: 1200px; border: 0';
  document.body.replaceChildren(frame);
  const bridge = new AppBridge(null, { name: 'test host', version: '1' }, { serverTools: {} }, { hostContext: { theme } });
  bridge.oncalltool = (params) => window.callServer(params);
  bridge.onsizechange = (size) => { window.shownSize = size; };
  const ready = new Promise((resolve) => { bridge.oninitialized = resolve; });
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.srcdoc = html.replace('<head>', '<head><meta http-equiv="Content-Security-Policy" content="' + csp + '">');
  await ready;
  await bridge.sendToolInput({ arguments: args });
  if (result) await bridge.sendToolResult(result);
  window.bridge = bridge;
};`;

/** What the specification has hosts set where a view names no origins. */
const hostPolicy =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'";

const extensions = { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } };
const hostile = '<img src=x onerror=alert(1)>"><svg/onload=alert(1)>';

interface Host {
  client: Client;
  page: Page;
  asked: string[];
  /** Shows the view of a tool with what a call of it gave; gives the view's document. */
  show(tool: string, args: Record<string, unknown>, options?: { theme?: string; withResult?: boolean }): Promise<Frame>;
  close(): Promise<void>;
}

const uriOf = (meta: unknown): string => (meta as { ui: { resourceUri: string } }).ui.resourceUri;

/** A host that shows MCP Apps, in the browser. */
export const openAppHost = async (stage: Stage): Promise<Host> => {
  const asked: string[] = [];
  const client = new Client(
    { name: 'app host', version: '1' },
    { capabilities: { extensions, elicitation: { form: {} } } },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.message);
    return {
      action: 'accept' as const,
      content: { confirm: true, phrase: /"([^"]+)"/.exec(params.message)?.[1] ?? '' },
    };
  });
  const { url, apiKey, secretKey } = stage.cloud;
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-apps-'));
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ['dist/main.js'],
      stderr: 'ignore',
      env: {
        CLOUDSTACK_API_URL: url,
        CLOUDSTACK_API_KEY: apiKey,
        CLOUDSTACK_SECRET_KEY: secretKey,
        CLOUDSTACK_MCP_STATE: folder,
        CLOUDSTACK_MCP_AUDIT: 'stderr',
      },
    }),
  );
  const { tools } = await client.listTools();
  const { outputFiles } = await build({
    stdin: { contents: hostSource, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'error',
  });
  const context = await stage.browser.newContext({ offline: true, viewport: { width: 760, height: 1240 } });
  const page = await context.newPage();
  page.on('pageerror', (error) => stage.complaints.push(`an app: ${error.message}`));
  page.on('dialog', (dialog) => {
    stage.complaints.push(`an app's dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error') stage.complaints.push(`an app: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!/^(about|data):/.test(request.url())) stage.foreign.push(request.url());
  });
  await page.exposeFunction('callServer', (params: { name: string; arguments?: Record<string, unknown> }) =>
    client.callTool(params),
  );
  await page.setContent('<!doctype html><title>Host</title><body></body>');
  await page.evaluate(outputFiles[0]!.text);
  return {
    client,
    page,
    asked,
    show: async (name, args, { theme = 'light', withResult = true } = {}) => {
      const tool = tools.find((one) => one.name === name)!;
      const { contents } = await client.readResource({ uri: uriOf(tool._meta) });
      const result = withResult ? await client.callTool({ name, arguments: args }) : undefined;
      const html = 'text' in contents[0]! ? contents[0].text : '';
      await page.evaluate(
        `window.startHost(...${JSON.stringify([html, hostPolicy, args, result ?? null, theme]).replaceAll('</', '<\\/')})`,
      );
      return page.frames().at(-1)!;
    },
    close: async () => {
      await context.close();
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const problemsOf = async (frame: Frame): Promise<string[]> => {
  await frame.evaluate(axe.source);
  return frame.evaluate<string[]>(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
  );
};

/** The views of MCP Apps in a real browser, through the official bridge, offline. */
export const checkApps = async (stage: Stage, { check }: Checks): Promise<void> => {
  const host = await openAppHost(stage);
  const { client, page } = host;
  const look = async (name: string, frame: Frame): Promise<void> => {
    await frame.getByText('Loading…').first().waitFor({ state: 'detached' });
    await page.screenshot({ path: `build/page/app-${name}.png`, fullPage: true });
    const problems = await problemsOf(frame);
    check(`app ${name}: axe finds nothing`, problems.length === 0, problems.join(' | '));
    const markup = await frame.locator('main img, main script, svg[onload], a[href^="http"]').count();
    check(`app ${name}: no name becomes markup`, markup === 0, String(markup));
  };
  const call = async (name: string, args: Record<string, unknown>) => {
    const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
    const text = content.map((part) => ('text' in part ? part.text : '')).join('\n');
    return { text, isError, data: (structuredContent ?? {}) as Record<string, any> };
  };
  try {
    const machines = await call('read', { tool: 'list-virtual-machines' });
    const [first] = machines.data['items'] as { id: string; name: string }[];
    const named = await call('change', {
      tool: 'update-virtual-machine',
      arguments: { id: first!.id, displayname: hostile },
    });
    check('a machine gets a hostile name', !named.isError, named.text.slice(0, 200));

    const overview = await host.show('cloud-overview', {});
    await overview.getByText('Capacity').first().waitFor();
    await look('overview', overview);
    await look('overview-dark', await host.show('cloud-overview', {}, { theme: 'dark' }));

    const table = await host.show('read', { tool: 'list-virtual-machines' });
    await table.getByRole('searchbox').fill('web-1');
    await table.getByRole('status').filter({ hasText: /^1 of/ }).waitFor();
    await table.getByRole('searchbox').fill('');
    await table.getByRole('button', { name: 'name', exact: true }).click();
    await table.locator('th[aria-sort="ascending"]').waitFor();
    await table.locator('tbody tr:first-child').filter({ hasText: 'build-runner' }).waitFor();
    check('a table is filtered, and sorted through the host', true);
    await look('table', table);

    await table.getByRole('link', { name: 'web-2', exact: true }).click();
    await table.getByRole('heading', { name: 'What can be done with it' }).waitFor();
    await table.getByRole('heading', { name: /^volumes/ }).waitFor();
    await look('card', table);
    await table.getByRole('link', { name: 'reboot-virtual-machine', exact: true }).click();
    await table.getByRole('button', { name: 'Show the request' }).click();
    await table.getByText('This would be sent').waitFor();
    check(
      'a card shows the request of an action',
      (await table.locator('body').innerText()).includes('rebootVirtualMachine'),
    );
    const before = host.asked.length;
    await table.getByRole('button', { name: 'Run' }).click();
    await table.getByText('This would be sent').waitFor({ state: 'detached' });
    await table.getByRole('heading', { name: 'Answer' }).waitFor();
    check(
      'an action of a card goes through the guard: the host asks its user',
      host.asked.slice(before).some((message) => message.includes('rebootVirtualMachine')),
      host.asked.slice(before).join(' | ').slice(0, 200),
    );
    await look('action', table);

    const networks = await call('read', { tool: 'list-networks', fields: ['id', 'name'] });
    const maps: { id: string; text: string; rules: number }[] = [];
    for (const { id } of networks.data['items'] as { id: string }[]) {
      const map = await call('network-map', { network: id });
      const addresses = (map.data['addresses'] ?? []) as { rules: unknown[] }[];
      maps.push({ id, text: map.text, rules: addresses.reduce((sum, one) => sum + one.rules.length, 0) });
    }
    const [most] = maps.sort((a, b) => b.rules - a.rules);
    check('a map says in words what it shows', most!.rules > 0 && most!.text.includes('→'), most!.text.slice(0, 300));
    const map = await host.show('network-map', { network: most!.id });
    await map.locator('svg.map').waitFor();
    check('a map draws a line for each rule', (await map.locator('svg.map path').count()) >= most!.rules);
    await look('network-map', map);
    await look('network-map-dark', await host.show('network-map', { network: most!.id }, { theme: 'dark' }));

    const waits = await host.show(
      'destroy',
      { tool: 'stop-virtual-machine', arguments: { id: 'web-2' } },
      { withResult: false },
    );
    await waits.getByText('may ask you').waitFor();
    await look('confirmation', waits);
    const plan = await host.show('change', {
      calls: [{ tool: 'update-virtual-machine', arguments: { id: 'web-2', displayname: hostile } }],
      mode: 'plan',
    });
    await plan.getByRole('heading', { name: /^Plan / }).waitFor();
    await look('plan', plan);
    await plan.getByRole('button', { name: 'Apply' }).click();
    await plan.getByText('applied').first().waitFor();
    check(
      'a plan is applied from its card, after the host has asked',
      host.asked.some((message) => message.includes('lan')),
    );
    await page.evaluate('window.bridge.teardownResource({})');
    check('a view tells its size', await page.evaluate<boolean>('window.shownSize?.height > 0'));
  } finally {
    await host.close();
  }
};
