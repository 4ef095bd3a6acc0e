import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app/app.ts';
import { approvalUrlOf, publicUrlOf } from '../config/public-url.ts';
import type { Config } from '../config/config.ts';
import { seePage } from '../documents.ts';
import { CallError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { doorContextOf } from '../mcp/door-context.ts';
import { createServerFactory } from '../mcp/server.ts';
import { createClientAddresses } from './client-address.ts';
import { createSubscriptions } from '../mcp/subscriptions.ts';
import { createCore, type Core, type ReportError } from './core.ts';
import { createBodyBudget } from './body-budget.ts';
import { createHealth } from './health.ts';
import { createIdentity } from './identity.ts';
import { createLimits } from './limits.ts';
import { listen } from './listen.ts';
import type { Peers } from './peers.ts';
import { createPlainDoor } from './plain.ts';
import { measure } from './measure.ts';
import { pollResources } from './resources.ts';
import { createRoutes } from './routes.ts';
import { createLinks } from './page/links.ts';
import { createOAuthSignIn } from './page/oauth.ts';
import { createLive } from './page/live.ts';
import { createPage } from './page/page.ts';
import { createPageSessions } from './page/sessions.ts';
import { createRequestObserver } from './observer.ts';

/** Throws a configuration error for settings that would serve off loopback without authentication. */
const checkSafety = ({ host, auth, principals }: Config): void => {
  if (!auth && !isLoopback(host))
    throw new CallError(
      'configuration',
      `Beyond loopback (--host ${host}) nothing is served without authentication.`,
      `Add the section \`auth\` to the configuration file, or listen on 127.0.0.1. ${seePage('http')}`,
    );
  if (auth && !principals)
    throw new CallError(
      'configuration',
      'There is `auth`, but no `principals`: no one has a role.',
      `List under \`principals\` who has which role and profile; '*' means everyone with a valid token. ${seePage('http')}`,
    );
};

/** What the door needs from the process. */
export interface ServeOptions {
  telemetry: Telemetry;
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal;
  /** The other processes, where the server has several on this machine. */
  peers?: Peers | undefined;
  /** The page for the one person whose terminal this is: nothing else is served. Called with the link that signs them in. */
  onLink?: ((url: string) => Promise<void>) | undefined;
}

/**
 * Serves MCP over Streamable HTTP, health and metadata until it is asked to stop: then nothing new is let in, running
 * calls end or return their jobs as pending, and what is left after the grace period is cut off.
 */
export const serveHttp = async (app: App, { telemetry, signal, peers, onLink }: ServeOptions): Promise<void> => {
  const { config } = app;
  checkSafety(config);
  const { log, metrics } = telemetry;
  const report: ReportError = (message, about, level = 'error') =>
    log.report(level, message, about ? { request: about.request } : {});
  const stopping = new AbortController();
  const store = await app.store();
  const limits = createLimits(config, store);
  const addresses = createClientAddresses(config);
  const measured = measure(app, limits, stopping.signal, report);
  const live = onLink || (config.page && config.auth) ? createLive(store) : undefined;
  const made = live?.watch(measured.call) ?? measured.call;
  const subscriptions = createSubscriptions(app, made);
  const call = subscriptions.following(made);
  const identity = createIdentity(app, report);
  const bodyBudget = createBodyBudget(config);
  let own: string | undefined;
  // Where people reach the page: as the configuration says, else on this machine only.
  const urlOf = (code: string): string | undefined => {
    const base = publicUrlOf(app.config.auth) ?? own;
    return base === undefined || !live ? undefined : approvalUrlOf(base, code);
  };
  const onListChange = (): void => core.toolsChanged();
  const core: Core = createCore({
    build: await createServerFactory(app, { contextOf: doorContextOf, call, onListChange, urlOf, subscriptions }),
    identify: identity.identify,
    limits,
    bodyBudget,
    settings: config,
    report,
    worker: peers?.id,
    plainDoor: createPlainDoor(app, call),
    subscriptions,
  });
  const health = createHealth({
    app,
    figures: measured.figures,
    sessions: core.sessions,
    running: limits.running,
    worker: peers?.id,
  });
  const links = onLink && createLinks();
  const sessions = createPageSessions(store, config, () => publicUrlOf(app.config.auth));
  const page = live
    ? createPage({
        app,
        call,
        health,
        live,
        onReply: () => live.notify('approvals'),
        sessions,
        oauth: createOAuthSignIn({ app, store, sessions, identity, report }),
        identity,
        limits,
        bodyBudget,
        settings: config,
        report,
        links,
      })
    : undefined;
  const routes = createRoutes({
    core: onLink ? undefined : core,
    page,
    health,
    addresses,
    isReady: () => !signal.aborted,
    metadata: identity.metadata,
    allowedHosts: config.allowedHosts,
    allowedOrigins: config.allowedOrigins,
    report,
    observe: createRequestObserver(telemetry),
    metrics:
      metrics &&
      (async () => {
        const text = peers ? metrics.sum(await peers.metrics()) : metrics.text();
        return new Response(await text, { headers: { 'content-type': metrics.contentType } });
      }),
  });
  if (metrics) peers?.onMetrics(metrics.json);
  metrics?.setGauges({ sessions: core.sessions, inFlight: limits.running });
  const listening = await listen((request, remote) => routes.fetch(request, { remote }), config, addresses, peers);
  if (isLoopback(config.host)) own = listening.origin;
  if (links) await onLink(`${listening.origin}/#start=${links.create()}`);
  else {
    if (!peers)
      log.report('info', `Serving MCP on ${listening.origin}/mcp${config.auth ? '' : ', without authentication'}`);
    if (page && peers?.isFirst !== false) log.report('info', `The web page is on ${listening.origin}/`);
  }
  if (!isLoopback(config.host) && !config.allowedHosts && peers?.isFirst !== false)
    log.report(
      'warn',
      'Only requests for localhost are answered: --allowed-hosts names the hosts that clients ask for.',
    );

  const polling = metrics && pollResources(app, metrics, log);

  if (!signal.aborted) await once(signal, 'abort');
  // A proxy that has not yet noticed sends on connections that would close under its request.
  if (config.drain) await sleep(config.drain);
  stopping.abort();
  polling?.stop();
  live?.close();
  core.drain();
  listening.stop();
  const late = new AbortController();
  await Promise.race([limits.idle(), sleep(config.grace, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  await core.close();
  await listening.close();
};
