import { createApp } from '../app.ts';
import { loadConfig } from '../config.ts';
import { CallError } from '../errors.ts';
import { serveStdio } from '../mcp/stdio.ts';
import { exit, type Io } from './io.ts';

/** `serve`: MCP on stdio until the input ends or the process is asked to stop. */
export const serve = async (settings: Record<string, unknown>, transport: string, io: Io): Promise<number> => {
  if (transport !== 'stdio')
    throw new CallError('configuration', `There is no transport "${transport}".`, 'Use --transport stdio.');
  const config = await loadConfig(settings, io.env);
  if (!config.profiles[config.profile])
    throw new CallError(
      'configuration',
      Object.keys(config.profiles).length ? `There is no profile "${config.profile}".` : 'No CloudStack is configured.',
      'Set CLOUDSTACK_API_URL (https://…/client/api) with CLOUDSTACK_API_KEY and CLOUDSTACK_SECRET_KEY, or with CLOUDSTACK_USERNAME and CLOUDSTACK_PASSWORD; or try --simulator.',
    );
  const app = createApp(config, { stderr: io.stderr });
  // Rules that cannot be right stop the server now, not its first call.
  if (config.policy ?? config.roles ?? config.principals) await app.reload(config);
  io.onReload?.(() => {
    loadConfig(settings, io.env)
      .then((changed) => app.reload(changed))
      .then(
        () => io.stderr.write('The configuration was read again; its policy, roles and principals are in force.\n'),
        (error: Error) => io.stderr.write(`The configuration was not taken over: ${error.message}\n`),
      );
  });
  const stdin = io.stdin;
  io.signal.addEventListener('abort', () => stdin.destroy(), { once: true });
  await serveStdio(app, { stdin, stdout: io.stdout, onerror: (error) => io.stderr.write(`${error.message}\n`) });
  await app.close();
  return exit.done;
};
