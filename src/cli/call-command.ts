import { createApp } from '../app/app.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import type { ListScope } from '../catalog/list-scope.ts';
import { spellingKey } from '../catalog/names.ts';
import { openConfig } from './open-config.ts';
import { CallError } from '../errors.ts';
import { readList } from '../read-values.ts';
import { readArguments } from './arguments.ts';
import { exit, printJson, printText, type Format, type Io } from './io.ts';
import { hasFailures, printOutcome } from './output.ts';
import { requesterAt } from './requester.ts';
import { createTerminalConsent } from './terminal.ts';
import { watchCall, type WatchOptions } from './watch.ts';
import { openSecretFile, type SecretFile } from './secret-file.ts';

/** The flags of `call`. */
export interface CallFlags {
  json?: string;
  output: Format;
  fields?: string;
  scope?: ListScope;
  where?: string;
  sort?: string;
  group?: string;
  all?: boolean;
  dryRun?: boolean;
  wait?: string;
  watch?: boolean;
  every?: number;
  secretsTo?: string;
  settings: Record<string, unknown>;
}

/** Whether a command may begin a job; of one that only the cloud knows, nothing else is known. */
const hasJob = (tool: string): boolean => {
  const found = loadCatalog().find(tool);
  return !found || found.command.async === true;
};

/** How a read is repeated; undefined where it is asked once. Throws where that cannot be. */
const watchOf = (
  tool: string,
  { watch, every, output: format, dryRun, secretsTo }: CallFlags,
): WatchOptions | undefined => {
  if (!watch) {
    if (every === undefined) return undefined;
    throw new CallError('configuration', '--every says how often --watch asks.', 'Add --watch, or leave --every out.');
  }
  const found = loadCatalog().find(tool);
  if (spellingKey(tool) === 'waitforjob' || (found && found.risk.risk !== 'read'))
    throw new CallError(
      'configuration',
      `--watch repeats a read, and ${found?.name ?? tool} is not a read.`,
      'Leave --watch out: a call shows the progress of its job by itself.',
    );
  if (dryRun || secretsTo !== undefined || format === 'yaml' || format === 'csv')
    throw new CallError(
      'configuration',
      '--watch prints a table, or JSON with -o json.',
      'Leave out --dry-run, --secrets-to and -o.',
    );
  return { tool: found?.name ?? tool, every: Math.max(1, every ?? 5), format };
};

/** `call TOOL key=value …`: one call through the same path as every other door. */
export const runCall = async (tool: string, words: readonly string[], flags: CallFlags, io: Io): Promise<number> => {
  const config = await openConfig(flags.settings, io);
  const args = readArguments(words, flags.json, io);
  const fields = flags.fields === undefined ? undefined : readList(flags.fields).map(String);
  const { where, sort, group, all } = flags;
  const asks = { where, sort, group, all };
  const wait = flags.wait === undefined ? 3600 : Number(flags.wait);
  if (!Number.isFinite(wait) || wait < 0)
    throw new CallError(
      'configuration',
      `--wait ${flags.wait} is not a number of seconds.`,
      'Such as --wait 60; 0 does not wait.',
    );
  const follow = spellingKey(tool) === 'waitforjob';
  const job = args['job'] ?? args['jobid'];
  if (follow && job === undefined)
    throw new CallError('configuration', 'wait-for-job needs the id of a job.', 'Such as wait-for-job job=ID.');
  const repeated = watchOf(tool, flags);
  const app = createApp(config, { stderr: io.stderr });
  let secrets: SecretFile | undefined;
  try {
    const toRequest = () => ({
      tool: follow ? 'queryAsyncJobResult' : tool,
      args: follow ? { jobid: job } : args,
      follow,
      view: {
        ...asks,
        fields,
        scope: flags.scope,
        secrets: flags.secretsTo !== undefined,
        whole: true,
        fresh: repeated ? true : undefined,
      },
      wait: wait * 1000,
      // A person at a terminal waits as long as they said for a job, and no host gives up on them. What has no job has a call's time.
      deadline: Date.now() + config.callTimeout + (follow || hasJob(tool) ? wait * 1000 : 0),
      caller: requesterAt(config, flags.settings),
      consent: createTerminalConsent(io),
      signal: io.signal,
      progress: io.progress,
    });
    if (flags.dryRun) {
      await printJson(io.stdout, await app.preview(toRequest()), 2);
      return exit.done;
    }
    if (flags.secretsTo !== undefined) secrets = openSecretFile(flags.secretsTo);
    if (repeated) {
      await watchCall(() => app.call(toRequest()), repeated, io);
      return exit.done;
    }
    const outcome = await app.call(toRequest());
    if (secrets) {
      secrets.write(JSON.stringify(outcome.rows(), null, 2));
      await printText(io.stderr, `The answer, with its secrets, is in ${flags.secretsTo} (readable by you only).`);
    } else {
      await printOutcome(outcome, flags.output, io);
    }
    return hasFailures(outcome) ? exit.failed : exit.done;
  } finally {
    secrets?.close();
    await app.close();
  }
};
