import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programName } from '../program-name.ts';
import { stripUnsafe } from '../text.ts';
import { version } from '../version.ts';
import { exit, type Io } from './io.ts';
import { cut, wrap } from './width.ts';

/** Connects a client to a server that talks to the given cloud. */
export type Launch = (client: Client, env: Record<string, string>) => Promise<void>;

const launchChild: Launch = (client, env) =>
  client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL('main.js', import.meta.url)), 'serve'],
      env: { PATH: '', ...env },
      stderr: 'inherit',
    }),
  );

interface DemoResult {
  isError?: boolean;
  content?: { text?: string }[];
  structuredContent?: { matches?: { tool: string; summary: string }[] };
}

/** No line is longer, however wide the terminal is. */
const maxColumns = 80;
const indent = ' '.repeat(12);

const styles = { act: 1, assistant: 36, server: 32, user: 33, error: 31 } as const;

/** Prints what happens, with colour at a terminal. */
const createDemoOutput = ({ stdout, env }: Io) => {
  const columns = Math.min(maxColumns, (stdout.isTTY ? stdout.columns : undefined) ?? maxColumns);
  const isColoured = stdout.isTTY === true && !env['NO_COLOR'];
  const paint = (text: string, style: keyof typeof styles): string =>
    isColoured ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;
  /** What someone says, no longer than so many lines. */
  const report = (who: 'assistant' | 'server' | 'user' | 'error', text: string, maxLines = 1): void => {
    const lines = wrap(stripUnsafe(text), columns - indent.length).split('\n');
    const shown = lines
      .slice(0, maxLines)
      .map((line, at) =>
        at === maxLines - 1 && lines.length > maxLines
          ? `${cut(line, columns - indent.length - 1).replace(/…$/, '')}…`
          : line,
      );
    const name = (who === 'error' ? 'server' : who).padEnd(10);
    stdout.write(`  ${paint(name, who)}${shown.join(`\n${indent}`)}\n`);
  };
  const line = (text: string, style?: keyof typeof styles): void => {
    for (const each of wrap(text, columns).split('\n')) stdout.write(`${style ? paint(each, style) : each}\n`);
  };
  return { report, line };
};

type DemoOutput = ReturnType<typeof createDemoOutput>;

const textOf = (result: DemoResult): string => result.content?.[0]?.text ?? '';

/** An answer's first line, or an error's words without its kind. */
const gistOf = (result: DemoResult): string =>
  textOf(result)
    .split('\n')
    .slice(0, result.isError ? 2 : 1)
    .join(' ');

const machine = { name: 'demo-web', zoneid: 'Frankfurt', serviceofferingid: 'Small Instance' };

/** A day's main job: find the command, be corrected, do it, destroy only after a yes. */
const play = async (client: Client, { report, line }: DemoOutput, answers: { next: boolean }): Promise<void> => {
  const call = async (name: string, args: Record<string, unknown>): Promise<DemoResult> =>
    (await client.callTool({ name, arguments: args })) as DemoResult;
  const must = (result: DemoResult, what: string): DemoResult => {
    if (result.isError) throw new Error(`the demo could not ${what}: ${textOf(result)}`);
    return result;
  };

  line('\n1. It finds the command.', 'act');
  report('assistant', 'find-tools: launch a vm');
  const found = must(await call('find-tools', { query: 'launch a vm', limit: 3 }), 'search');
  for (const { tool, summary } of found.structuredContent?.matches?.slice(0, 1) ?? [])
    report('server', `${tool}: ${summary}`);

  line('\n2. It refuses wrong input before anything is sent.', 'act');
  report('assistant', 'deploy-virtual-machine, template "Ubuntu 24.4"');
  const wrong = { ...machine, templateid: 'Ubuntu 24.4' };
  const refused = await call('change', { tool: 'deploy-virtual-machine', arguments: wrong });
  report('error', gistOf(refused), 3);

  line('\n3. It does it, and waits until CloudStack says that it is done.', 'act');
  report('assistant', 'deploy-virtual-machine, template "Ubuntu 24.04 LTS"');
  const right = { ...machine, templateid: 'Ubuntu 24.04 LTS' };
  const deployed = must(await call('change', { tool: 'deploy-virtual-machine', arguments: right }), 'deploy');
  report('server', gistOf(deployed));
  const seen = must(await call('read', { tool: 'list-virtual-machines', arguments: { name: 'demo-web' } }), 'read');
  report('server', gistOf(seen));

  line('\n4. It asks the user before it destroys anything.', 'act');
  const destroy = { tool: 'destroy-virtual-machine', arguments: { id: 'demo-web' } };
  report('assistant', 'destroy-virtual-machine demo-web');
  answers.next = false;
  report('error', gistOf(await call('destroy', destroy)), 2);
  report('assistant', 'destroy-virtual-machine demo-web, once more');
  answers.next = true;
  report('server', gistOf(must(await call('destroy', destroy), 'destroy')));
};

/** `demo`: simulator, server and a scripted MCP client in one process tree. */
export const demo = async (io: Io, launch: Launch = launchChild): Promise<number> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const { serveSimulator } = await import('../simulator/server.ts');
  const output = createDemoOutput(io);
  output.line('A simulated CloudStack, this server, and an assistant that uses it.');
  const simulator = createSimulator({ jobMillis: 1200 });
  const server = await serveSimulator(simulator, { port: 0 });
  const state = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-demo-'));
  const answers = { next: false };
  const client = new Client({ name: 'demo', version }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    output.report('server', params.message.replaceAll(/\n+/g, ' '), 3);
    output.report('user', `the user says ${answers.next ? 'yes' : 'no'}`);
    return answers.next ? { action: 'accept', content: { confirm: true } } : { action: 'decline' };
  });
  try {
    await launch(client, {
      CLOUDSTACK_API_URL: server.url,
      CLOUDSTACK_API_KEY: simulator.credentials.apiKey,
      CLOUDSTACK_SECRET_KEY: simulator.credentials.secretKey,
      CLOUDSTACK_MCP_STATE: state,
    });
    await play(client, output, answers);
    output.line('\nDone: found, deployed, seen, refused, confirmed and destroyed, simulated.', 'act');
    output.line(`Next:
  ${programName} init                # your cloud, your AI host
  ${programName} call list-zones --simulator
  ${programName} doctor              # what is wrong, and how to fix it`);
    return exit.done;
  } finally {
    await client.close();
    await server.close();
    rmSync(state, { recursive: true, force: true });
  }
};
