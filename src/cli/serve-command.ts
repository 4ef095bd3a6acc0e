import { createApp, type App } from '../app.ts';
import { loadConfig } from '../config.ts';
import { CallError } from '../errors.ts';
import { serveStdio } from '../mcp/stdio.ts';
import { exit, type Io } from './io.ts';

const serveStreams = async (app: App, io: Io): Promise<void> => {
  const { stdin, stdout, stderr } = io;
  io.signal.addEventListener('abort', () => stdin.destroy(), { once: true });
  await serveStdio(app, { stdin, stdout, onerror: (error) => stderr.write(`${error.message}\n`) });
};

/** `serve`: MCP on stdio until the input ends, or over HTTP, until the process is asked to stop. */
export const serve = async (settings: Record<string, unknown>, io: Io): Promise<number> => {
  const config = await loadConfig(settings, io.env);
  if (!config.profiles[config.profile])
    throw new CallError(
      'configuration',
      Object.keys(config.profiles).length ? `There is no profile "${config.profile}".` : 'No CloudStack is configured.',
      'Set CLOUDSTACK_API_URL (https://…/client/api) with CLOUDSTACK_API_KEY and CLOUDSTACK_SECRET_KEY, or with CLOUDSTACK_USERNAME and CLOUDSTACK_PASSWORD; or try --simulator.',
    );
  const app = createApp(config, { stderr: io.stderr });
  // Rules that cannot be right stop the server now, not its first call.
  if (config.policy ?? config.roles ?? config.principals ?? config.auth) await app.reload(config);
  io.onReload?.(() => {
    loadConfig(settings, io.env)
      .then((changed) => app.reload(changed))
      .then(
        () =>
          io.stderr.write('The configuration was read again; its policy, roles, principals and tokens are in force.\n'),
        (error: unknown) =>
          io.stderr.write(
            `The configuration was not taken over: ${error instanceof Error ? error.message : String(error)}\n`,
          ),
      );
  });
  try {
    if (config.transport === 'http') await (await import('../web/serve.ts')).serveHttp(app, io);
    else await serveStreams(app, io);
  } finally {
    await app.close();
  }
  return exit.done;
};
