import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CallError } from '../errors.ts';
import { fine, warning, wrong, type CheckResult } from './check-result.ts';
import { entriesOfHost } from './host-file.ts';
import { listHosts, type Host } from './hosts.ts';
import type { System } from './system.ts';

/** Milliseconds in which a server must answer; npx may have to fetch it first. */
const startMs = 30_000;

const opening = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'doctor', version: '1' } },
};

interface Started {
  command: string;
  args: string[];
  env: Record<string, string>;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** How an entry starts a server; undefined for one that is reached over HTTP. */
const startOf = (entry: Record<string, unknown>): Started | undefined => {
  const command = entry['command'] ?? entry['cmd'];
  const args = Array.isArray(entry['args']) ? entry['args'].filter(isText) : [];
  const env = (entry['env'] ?? entry['envs'] ?? {}) as Record<string, string>;
  return isText(command) ? { command, args, env } : undefined;
};

/** Starts a server as a host does; gives why it does not answer. */
const tryStart = ({ command, args, env }: Started, system: System): Promise<string | undefined> =>
  new Promise((resolve) => {
    const known = Object.fromEntries(
      Object.entries(system.env).filter((one): one is [string, string] => isText(one[1])),
    );
    const child = spawn(command, args, { env: { ...known, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    const end = (problem: string | undefined): void => {
      clearTimeout(timer);
      child.kill();
      resolve(problem);
    };
    const timer = setTimeout(() => end(`it did not answer within ${startMs / 1000} s`), startMs);
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdin.on('error', () => undefined);
    child.on('error', ({ message }) => end(message));
    child.on('close', (status) => end(errors.trim().split('\n').slice(0, 2).join(' ') || `it ended with ${status}`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      end(line.includes('"serverInfo"') ? undefined : `it answered ${line.slice(0, 100)}`);
    });
    child.stdin.write(`${JSON.stringify(opening)}\n`);
  });

const isOurs = (entry: unknown): entry is Record<string, unknown> => {
  const text = JSON.stringify(entry);
  return /cloudstack-mcp/.test(text) || (/main\.js/.test(text) && /"serve"/.test(text));
};

const checkHost = async (host: Host, system: System): Promise<CheckResult[]> => {
  const check = `host ${host.id}`;
  let entries;
  try {
    entries = await entriesOfHost(host);
  } catch (error) {
    if (error instanceof CallError)
      return [wrong(check, error.message, 'Correct the file; the host cannot read it either.')];
    throw error;
  }
  const found: CheckResult[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const start = isOurs(entry) ? startOf(entry) : undefined;
    if (!start) continue;
    const hidden = Object.keys(start.env).find((key) => /SECRET_KEY$|PASSWORD$/.test(key));
    if (hidden)
      found.push(
        warning(
          check,
          `${host.file} holds a secret (${hidden})`,
          `Put it into a file that only you can read, and name that as ${hidden}_FILE.`,
        ),
      );
    const problem = await tryStart(start, system);
    found.push(
      problem === undefined
        ? fine(check, `${name} starts and answers`)
        : wrong(
            check,
            `${name} in ${host.file} does not start: ${problem}`,
            `Write the entry again with init --hosts ${host.id}, or correct its command.`,
          ),
    );
  }
  return found;
};

/** Checks the hosts of this user that name this server: whether their files can be read, and what they start. */
export const checkHosts = async (system: System): Promise<CheckResult[]> => {
  const found = (await Promise.all(listHosts(system).map((host) => checkHost(host, system)))).flat();
  return found.length ? found : [warning('hosts', 'no host is set up for this server', 'Run init to set one up.')];
};
