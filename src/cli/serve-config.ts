import { createApp, type App } from '../app/app.ts';
import type { Config } from '../config/config.ts';
import { serveStdio } from '../mcp/stdio.ts';
import { openTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { programName } from '../program-name.ts';
import { exit, printText, type Io } from './io.ts';

const serveStreams = async (app: App, io: Io, { log }: Telemetry): Promise<void> => {
  const { stdin, stdout, answered } = io;
  io.signal.addEventListener('abort', () => stdin.destroy(), { once: true });
  await serveStdio(app, { stdin, stdout, answered, onerror: (error) => log.report('error', error.message) });
};

/** Serves what a configuration says until the input ends, or over HTTP, until the process is asked to stop; `read` reads it again. */
export const serveConfig = async (config: Config, io: Io, read: () => Promise<Config>): Promise<number> => {
  const telemetry = await openTelemetry(config, io.stderr);
  const { log, observe, tracing } = telemetry;
  const workers = config.transport === 'http' && config.workers > 1 ? await import('./workers.ts') : undefined;
  const member = workers?.isWorker() ? workers.joinWorkers(io.signal) : undefined;
  if (!member) for (const warning of config.warnings) log.report('warn', `Warning: ${warning}`);
  if (workers && !member) {
    const status = await workers.runWorkers(config, io, log);
    await telemetry.close();
    return status;
  }
  const app = createApp(config, {
    ...(member && !config.redisUrl ? { store: member.store } : {}),
    cache: true,
    stderr: io.stderr,
    observe,
    tracing,
    report: (message) => log.report('error', message),
  });
  // Rules that cannot be right stop the server now, not its first call.
  if (config.policy ?? config.roles ?? config.principals ?? config.auth) await app.reload(config);
  (member ?? io).onReload?.(() => {
    read()
      .then((changed) => app.reload(changed))
      .then(
        () =>
          log.report(
            'info',
            'The configuration was read again: its policy, roles, principals and tokens are now in force.',
          ),
        (error: unknown) =>
          log.report(
            'error',
            `The new configuration was rejected: ${error instanceof Error ? error.message : String(error)}`,
          ),
      );
  });
  // A person who starts it by hand sees what it is for; a host reads only what it asked for.
  if (config.transport === 'stdio' && io.stdin.isTTY)
    await printText(
      io.stderr,
      `Waiting for a host on standard input; ${programName} init sets hosts up.\nCtrl+C ends it. To see it at work: ${programName} demo`,
    );
  try {
    if (config.transport === 'http')
      await (
        await import('../web/serve.ts')
      ).serveHttp(app, {
        telemetry,
        signal: (member ?? io).signal,
        peers: member?.peers,
      });
    else await serveStreams(app, io, telemetry);
  } finally {
    await app.close();
    await telemetry.close();
  }
  return exit.done;
};
