import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { alertsFile } from '../../../scripts/docs/deploy-files.ts';
import { findPort } from '../../support/ports.ts';
import { startProgram } from '../../support/process.ts';

/** What an expression came to. */
export interface Result {
  series: number;
  /** Values that are numbers. */
  numbers: number;
  error?: string;
}

interface Answer {
  status: string;
  error?: string;
  data?: { resultType: string; result: { value: [number, string] }[] };
}

/** Runs promtool's `check`, or another command of it; gives what is wrong, or nothing. */
export const promtool = (args: readonly string[], input?: string, command = 'check'): string | undefined => {
  const { status, stdout, stderr } = spawnSync('promtool', [command, ...args], { encoding: 'utf8', input });
  const output = `${stdout}${stderr}`.trim();
  if (status !== 0) return output || `promtool ended with ${status}`;
  // `check metrics` says what it does not like on standard error, and nothing else.
  return args[0] === 'metrics' && output ? output : undefined;
};

/** A Prometheus that looks at a server every second, with the alert rules in force. */
export const startPrometheus = async (folder: string, target: string) => {
  const config = join(folder, 'prometheus.yml');
  const port = await findPort();
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [resolve(alertsFile)],
      scrape_configs: [{ job_name: 'cloudstack-mcp', static_configs: [{ targets: [new URL(target).host] }] }],
    }),
  );
  const flags = [
    `--config.file=${config}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
  ];
  const { stop } = await startProgram(['prometheus', ...flags], /Server is ready to receive web requests/);
  const ask = async <T>(path: string): Promise<T> =>
    (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json() as T;
  return {
    stop,
    evaluate: async (expression: string): Promise<Result> => {
      const { error, data } = await ask<Answer>(`query?query=${encodeURIComponent(expression)}`);
      if (error !== undefined || data === undefined) return { series: 0, numbers: 0, error: error ?? 'no answer' };
      const values = data.resultType === 'vector' ? data.result.map(({ value }) => Number(value[1])) : [];
      return { series: values.length, numbers: values.filter((value) => !Number.isNaN(value)).length };
    },
    /** Each rule with what Prometheus has against it. */
    rules: async (): Promise<{ name: string; health: string; lastError?: string; state: string }[]> => {
      const { data } = await ask<{ data: { groups: { rules: never[] }[] } }>('rules');
      return data.groups.flatMap(({ rules }) => rules);
    },
    series: async (): Promise<number> => {
      const { data } = await ask<{ data: unknown[] }>('series?match[]={job="cloudstack-mcp"}');
      return data.length;
    },
  };
};
