import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../checks.ts';
import { watch, type Running } from '../../support/process.ts';
import { findProgram } from '../programs.ts';

/** Milliseconds between two looks at a replica. */
export const checkEvery = 200;

/**
 * A request is sent on to another replica only where it is certain that nothing was done: it could not be delivered, or
 * the door sent it away (503). Never after it was delivered and there is no answer. A replica that is stopping is not
 * asked any more, and what runs there goes on: nothing cuts its connections when it is marked as down.
 */
const configuration = (port: number, replicas: readonly number[]): string => `
global
  maxconn 2000
defaults
  mode http
  timeout connect 1s
  timeout check 1s
  timeout client 120s
  timeout server 120s
  retries 3
  option redispatch 1
  retry-on conn-failure 503
frontend mcp
  bind 127.0.0.1:${port}
  default_backend replicas
backend replicas
  balance roundrobin
  option httpchk
  http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host localhost
  http-check expect status 200
  # Sessions of the older era live in one replica; the newer era has none.
  stick-table type string len 64 size 100k expire 30m
  stick on req.hdr(mcp-session-id)
  stick store-response res.hdr(mcp-session-id)
${replicas.map((at, n) => `  server replica-${n} 127.0.0.1:${at} check inter ${checkEvery}ms fall 2 rise 1`).join('\n')}
`;

/** HAProxy before some replicas. */
export const startProxy = async (
  port: number,
  replicas: readonly number[],
  folder: string,
): Promise<Running & { origin: string }> => {
  const program = findProgram(['haproxy'], 'haproxy');
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration(port, replicas));
  const observed = watch(spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] }));
  const origin = `http://127.0.0.1:${port}`;
  const up = await until(async () => (await fetch(`${origin}/health/ready`)).ok, 10_000);
  if (up === undefined) throw new Error(`the proxy leads nowhere: ${observed.output()}`);
  return { ...observed, origin };
};
