import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { fileURLToPath } from 'node:url';
import { version } from '../version.ts';
import { exit, printLine, type Io } from './io.ts';

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
  structuredContent?: Record<string, unknown>;
}

/** The first lines of an answer, short enough for a terminal of 80 columns. */
const excerpt = (result: DemoResult, lines: number): string =>
  (result.content?.[0]?.text ?? '')
    .split('\n')
    .slice(0, lines)
    .map((line) => `    ${line.length > 74 ? `${line.slice(0, 73)}…` : line}`)
    .join('\n');

/** The script of a day's main job: find the command, run it, see the job finish, destroy only after a yes. */
const play = async (
  client: Client,
  print: (text: string) => Promise<void>,
  answers: { next: boolean },
): Promise<void> => {
  const call = async (name: string, args: Record<string, unknown>, lines = 6): Promise<DemoResult> => {
    await print(`\n→ ${name} ${JSON.stringify(args)}`);
    const result = (await client.callTool(
      { name, arguments: args },
      { onprogress: ({ message }) => void print(`    … ${message ?? ''}`) },
    )) as DemoResult;
    await print(excerpt(result, lines));
    return result;
  };
  const { tools } = await client.listTools();
  await print(`The server lists ${tools.length} tools: ${tools.map(({ name }) => name).join(', ')}`);
  await call('find-tools', { query: 'launch a vm', limit: 3 });
  await call('read', { tool: 'list-zones' });
  await call('read', { tool: 'list-service-offerings' });
  const deployed = await call('change', {
    tool: 'deploy-virtual-machine',
    arguments: {
      name: 'demo-web',
      zoneid: 'Frankfurt',
      serviceofferingid: 'Small Instance',
      templateid: 'Ubuntu 24.04 LTS',
    },
  });
  if (deployed.isError) throw new Error('the demo could not deploy its virtual machine');
  await call('read', { tool: 'list-virtual-machines', arguments: { name: 'demo-web' } });
  await call('read', { tool: 'list-virtual-machines', arguments: { zone: 'Frankfurt' } }, 2);
  answers.next = false;
  await call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: 'demo-web' } });
  answers.next = true;
  const destroyed = await call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: 'demo-web' } }, 3);
  if (destroyed.isError) throw new Error('the demo could not destroy its virtual machine');
};

/** `demo`: simulator, server and a scripted MCP client in one process tree. */
export const demo = async (io: Io, launch: Launch = launchChild): Promise<number> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const { serveSimulator } = await import('../simulator/server.ts');
  const print = (text: string): Promise<void> => printLine(io.stdout, text);
  const simulator = createSimulator({ jobMillis: 1200 });
  const server = await serveSimulator(simulator, { port: 0 });
  const answers = { next: false };
  const client = new Client({ name: 'demo', version }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    await print(params.message.replace(/^/gm, '    │ '));
    await print(`    the human says ${answers.next ? 'yes' : 'no'}`);
    return answers.next ? { action: 'accept', content: { confirm: true } } : { action: 'decline' };
  });
  try {
    await launch(client, {
      CLOUDSTACK_API_URL: server.url,
      CLOUDSTACK_API_KEY: simulator.credentials.apiKey,
      CLOUDSTACK_SECRET_KEY: simulator.credentials.secretKey,
      CLOUDSTACK_MCP_AUDIT: 'stderr',
    });
    await play(client, print, answers);
    await print('\nDone: found, deployed, seen, refused, confirmed and destroyed, on a simulated CloudStack.');
    return exit.done;
  } finally {
    await client.close();
    await server.close();
  }
};
