import {
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { toQuoted } from '../text.ts';
import type { ClientAddresses } from './client-address.ts';
import type { Core, ReportError } from './core.ts';
import { createRequestContext, type RequestContext } from './request-context.ts';
import type { ResponseObserver } from './observer.ts';
import { isOwnOrigin } from './page/own-origin.ts';
import type { WebPage } from './page/page.ts';

/** What the routes lead to. */
export interface RouteOptions {
  /** Answers `/mcp`, where it is answered. */
  core?: Core | undefined;
  /** The web page, where there is one. */
  page?: WebPage | undefined;
  health: () => Promise<Response>;
  addresses: ClientAddresses;
  /** Whether new work is welcome. */
  isReady: () => boolean;
  metadata: () => Record<string, unknown> | undefined;
  /** Names beside loopback, with commas between them. */
  allowedHosts: string;
  allowedOrigins: string;
  report: ReportError;
  /** Starts to observe a request that began at this time (milliseconds). */
  observe?: ((begun: number) => ResponseObserver) | undefined;
  /** Answers `/metrics`, where it is answered. */
  metrics?: (() => Promise<Response>) | undefined;
}

interface RouteEnv {
  /** The address that a request came from. */
  Bindings: { remote?: string };
  Variables: { requestContext: RequestContext };
}

const list = (names: string): string[] => names.split(',').flatMap((name) => name.trim().toLowerCase() || []);

/** The host name in whatever people write for one: a name, a name with its port, a URL. */
const hostNameOf = (text: string): string => {
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname : text;
};

/** `moz-extension://*` stands for every page of a scheme, all else for a host. */
const originOf = (text: string): string => (text.endsWith('://*') ? text : hostNameOf(text));

/** Every route of the HTTP door. Host and Origin are checked on all of them, also on those that do not exist. */
export const createRoutes = (options: RouteOptions): Hono<RouteEnv> => {
  const { core, page, health, isReady, metadata, report, observe, metrics } = options;
  const hosts = [...localhostAllowedHostnames(), ...list(options.allowedHosts).map(hostNameOf)];
  const webPages = list(options.allowedOrigins).map(originOf);
  const origins = [...localhostAllowedOrigins(), ...webPages];
  const app = new Hono<RouteEnv>();

  app.use(async (context, next) => {
    const { raw } = context.req;
    const requestContext = createRequestContext(raw);
    requestContext.client = options.addresses.of(context.env?.remote, raw.headers);
    const onResponse = observe?.(performance.now());
    context.set('requestContext', requestContext);
    await next();
    // The context's own ways to set a header, or a response in place of another, make a stream of its body.
    const { res } = context;
    res.headers.set('x-request-id', requestContext.request);
    const observed = onResponse?.(requestContext, raw, res) ?? res;
    if (observed !== res) context.res = observed;
  });

  app.use(async ({ req, var: { requestContext } }, next) => {
    // A target that is a whole URL counts before Host (RFC 9112), and then the URL has it.
    const { host } = new URL(req.url);
    const wrongHost =
      hostHeaderValidationResponse(req.raw, hosts) ??
      (host === req.header('host')
        ? undefined
        : hostHeaderValidationResponse(new Request('http://localhost/', { headers: { host } }), hosts));
    // The page asks its own origin, which is whatever allowed host the browser has it from; what it asks it checks further.
    const isOwn = isPagePath(req.path) && isOwnOrigin(req.raw);
    const rejected = wrongHost ?? (isOwn ? undefined : originValidationResponse(req.raw, origins));
    if (!rejected) return next();
    requestContext.refused = wrongHost ? 'host' : 'origin';
    const [name, flag] = wrongHost ? ['host', '--allowed-hosts'] : ['origin', '--allowed-origins'];
    report(
      `The ${name} ${toQuoted(req.header(name) ?? '', 100)} is refused; if it is one of yours, ${flag} names it.`,
      requestContext,
      'warn',
    );
    return rejected;
  });
  app.use(async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set('x-content-type-options', 'nosniff');
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  });
  // Pages of `allowedOrigins` may also read the responses; others on loopback may not.
  if (webPages.length)
    app.use(
      cors({
        origin: (origin) => (originValidationResponse(fromOrigin(origin), webPages) ? null : origin),
        allowMethods: ['GET', 'POST', 'DELETE'],
        exposeHeaders: ['mcp-session-id', 'mcp-protocol-version', 'www-authenticate', 'retry-after', 'x-request-id'],
        maxAge: 600,
      }),
    );

  if (core) app.all('/mcp', ({ req, var: { requestContext } }) => core.fetch(req.raw, requestContext));
  if (metrics) app.get('/metrics', () => metrics());
  app.get('/health', () => health());
  app.get('/health/live', (context) => context.json({ status: 'ok' }));
  app.get('/health/ready', (context) =>
    isReady() ? context.json({ status: 'ok' }) : context.json({ status: 'stopping' }, 503),
  );
  for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/*'] as const)
    app.get(path, (context) => {
      const document = metadata();
      return document ? context.json(document) : context.notFound();
    });
  if (page)
    app.on(
      ['GET', 'HEAD', 'POST'],
      ['/', '/page/*'],
      async ({ req, notFound, var: { requestContext } }) => (await page.fetch(req.raw, requestContext)) ?? notFound(),
    );
  app.notFound((context) => context.text('Not found', 404));
  app.onError((error, context) => {
    report(`${context.req.path}: ${error.stack ?? error.message}`, context.var.requestContext);
    return context.text('Internal error', 500);
  });
  return app;
};

const isPagePath = (path: string): boolean => path === '/' || path.startsWith('/page/');

const fromOrigin = (origin: string): Request => new Request('http://localhost/', { headers: { origin } });
