import { spawn } from 'node:child_process';
import { createApp } from '../app/app.ts';
import { loadConfig } from '../config/config.ts';
import { missingProfile } from '../config/missing-profile.ts';
import { CallError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';
import { exit, printText, type Io } from './io.ts';

/** What opens an address with the desktop's browser. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  linux: ['xdg-open'],
};

/** A desktop is left to itself: whether it shows anything, only its user can tell. */
const openBrowser = (url: string): void => {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
};

/** `ui`: the web page for the person at this terminal, on loopback, until it is stopped; the link signs them in once. */
export const runUi = async (
  { open, ...settings }: Record<string, unknown> & { open?: boolean },
  io: Io,
): Promise<number> => {
  // The link can approve: no program gets it that could not type at a terminal.
  if (!io.stdin.isTTY)
    throw new CallError(
      'unconfirmed',
      'Only a person at a terminal can start the page.',
      'Run it in an interactive terminal.',
    );
  const config = await loadConfig({ ...settings, port: settings['port'] ?? 0 }, io.env);
  if (!config.profiles[config.profile]) throw missingProfile(config, config.profile);
  if (!isLoopback(config.host))
    throw new CallError(
      'configuration',
      '`ui` is for this machine alone.',
      'Leave --host out; for a team use serve --transport http.',
    );
  const telemetry = await openTelemetry({ ...config, logLevel: 'warn' }, io.stderr);
  const { log, observe, tracing } = telemetry;
  const app = createApp(config, {
    cache: true,
    stderr: io.stderr,
    observe,
    tracing,
    report: (message) => log.report('error', message),
  });
  const onLink = async (url: string): Promise<void> => {
    if (open !== false) openBrowser(url);
    await printText(io.stdout, `The page: ${url}\nThe link works once, within ten minutes. Ctrl+C ends the page.`);
  };
  try {
    const { serveHttp } = await import('../web/serve.ts');
    await serveHttp(app, { telemetry, signal: io.signal, onLink });
  } finally {
    await app.close();
    await telemetry.close();
  }
  return exit.done;
};
