import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { createToken, hashToken } from '../../../src/web/tokens.ts';
import { startHostileCloud } from './hostile-cloud.ts';
import { startProvider } from '../../support/identity-provider.ts';
import { findPort } from '../../support/ports.ts';
import { startHttpServer, startSimulator } from '../../support/process.ts';

/** What a stage has beside the usual. */
export interface StageOptions {
  simulatorFlags?: readonly string[];
  /** The name under which the page is opened. */
  name?: string;
  /** More of the policy. */
  policy?: object;
  /** Everything that people name in the cloud has a hostile name. */
  isHostile?: boolean;
}

/** A browser, a server with people who have roles, their identity provider, and a cloud. */
export const openStage = async (
  program: string,
  { simulatorFlags = [], name = '127.0.0.1', policy = {}, isHostile = false }: StageOptions = {},
) => {
  const stops: (() => Promise<unknown>)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-page-'));
  const cloud = await startSimulator('--job-millis', '200', ...simulatorFlags);
  stops.push(cloud.stop);
  const hostile = isHostile ? await startHostileCloud(cloud.url) : undefined;
  if (hostile) stops.push(hostile.close);
  const port = await findPort();
  const origin = `http://${name}:${port}`;
  const resource = `${origin}/mcp`;
  const provider = await startProvider(resource);
  stops.push(provider.close);
  const token = createToken();
  const config = join(folder, 'config.json');
  const sections = {
    auth: {
      issuer: provider.issuer,
      audience: resource,
      client: 'the-page',
      scopes: ['cloudstack'],
      tokens: { robot: hashToken(token) },
    },
    principals: {
      alice: { role: 'admin' },
      bob: { role: 'admin' },
      vera: { role: 'viewer' },
      robot: { role: 'admin' },
    },
    policy: {
      preset: 'strict',
      fourEyes: true,
      ...policy,
      rules: [
        { name: 'reboots', match: { command: 'rebootVirtualMachine' }, action: 'approve' },
        { name: 'display names', match: { command: 'updateVirtualMachine' }, action: 'allow' },
      ],
    },
  };
  writeFileSync(config, JSON.stringify(sections));
  const server = await startHttpServer({
    args: ['--port', String(port), '--config', config],
    env: {
      CLOUDSTACK_API_URL: hostile?.url ?? cloud.url,
      CLOUDSTACK_API_KEY: cloud.apiKey,
      CLOUDSTACK_SECRET_KEY: cloud.secretKey,
      CLOUDSTACK_MCP_STATE: folder,
    },
  });
  stops.push(server.stop);
  const browser: Browser = await chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  stops.push(() => browser.close());

  /** Requests of any page to another origin than ours and the identity provider's, and what a page complained about. */
  const foreign: string[] = [];
  const complaints: string[] = [];
  const providerPort = new URL(provider.issuer).port;
  const isKnown = (url: string): boolean => {
    const { host, protocol } = new URL(url);
    return host === new URL(origin).host || host.endsWith(`:${providerPort}`) || protocol === 'data:';
  };
  const watch = (page: Page): void => {
    page.on('request', (request) => {
      if (!isKnown(request.url())) foreign.push(request.url());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // Other pages are refused on purpose.
      const isOurs = page.url().startsWith(origin);
      if (isOurs && /Content.Security.Policy|Trusted|Refused/i.test(message.text())) complaints.push(message.text());
    });
    page.on('dialog', (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  };
  const openContext = async (options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(60_000);
    context.on('page', watch);
    return context;
  };
  /** Signs someone in at the identity provider, as they would. */
  const signIn = async (user: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> => {
    const page = await (await openContext(options)).newPage();
    await page.goto(origin);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: user, exact: true }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    return page;
  };
  /** An AI host of someone's, which cannot ask them anything. */
  const openHost = async (bearer: string): Promise<Client> => {
    const client = new Client({ name: 'robot-host', version: '1' });
    const headers = { authorization: `Bearer ${bearer}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(resource), { requestInit: { headers } }));
    stops.push(() => client.close());
    return client;
  };
  return {
    origin,
    cloud: { ...cloud, url: hostile?.url ?? cloud.url },
    given: () => hostile?.given(),
    provider,
    token,
    folder,
    browser,
    server,
    foreign,
    complaints,
    openContext,
    signIn,
    openHost,
    close: async () => {
      for (const stop of stops.reverse()) await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** What `openStage` gives. */
export type Stage = Awaited<ReturnType<typeof openStage>>;
