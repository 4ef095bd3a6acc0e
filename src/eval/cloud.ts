import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { createApp } from '../app/app.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import { loadConfig } from '../config/config.ts';
import { createServerFactory } from '../mcp/server.ts';
import { rowsOf, type Row } from '../rows.ts';
import { createSimulator } from '../simulator/index.ts';
import { serveSimulator } from '../simulator/server.ts';
import { version } from '../version.ts';
import type { Task } from './tasks.ts';

/** A change that reached the cloud. */
export interface Change {
  command: string;
  params: Readonly<Record<string, string>>;
}

/** A simulated cloud with a server before it, for one task. */
export interface TaskCloud {
  client: Client;
  /** Changes since the setup. */
  changes: Change[];
  /** The rows of a list as the cloud itself has them, past the server. */
  read(command: string, params: Readonly<Record<string, string>>): Promise<readonly Row[]>;
  close(): Promise<void>;
}

const accept = ({ message, requestedSchema }: { message: string; requestedSchema: { properties?: object } }) => ({
  action: 'accept' as const,
  content:
    'phrase' in (requestedSchema.properties ?? {})
      ? { phrase: /"([^"]*)"/.exec(message)?.[1] ?? '' }
      : { confirm: true },
});

/** Starts the cloud of a task, makes its setup, and gives the connection of a host. `settings`: a configuration with roles and a policy. */
export const openTaskCloud = async (
  task: Task,
  { settings, stderr }: { settings: Readonly<Record<string, unknown>>; stderr: NodeJS.WritableStream },
): Promise<TaskCloud> => {
  const changes: Change[] = [];
  const catalog = loadCatalog();
  const simulator = createSimulator({
    jobMillis: 0,
    ...(task.vms === undefined ? {} : { vms: task.vms }),
    onCall: ({ command, params }) => {
      const risk = catalog.find(command)?.risk.risk;
      if (risk === 'change' || risk === 'destroy') changes.push({ command, params });
    },
  });
  const server = await serveSimulator(simulator, { port: 0 });
  const env = {
    CLOUDSTACK_API_URL: server.url,
    CLOUDSTACK_API_KEY: simulator.credentials.apiKey,
    CLOUDSTACK_SECRET_KEY: simulator.credentials.secretKey,
    CLOUDSTACK_MCP_AUDIT: '/dev/null',
    CLOUDSTACK_MCP_POLL_INTERVAL: '10',
  };
  const asked = { answer: 'yes' as Task['person'] };
  const connect = async (readOnly: boolean, person: Task['person']) => {
    const config = await loadConfig({ ...settings, ...(readOnly ? { readOnly } : {}) }, env);
    const app = createApp({ ...config, profile: 'default' }, { stderr });
    const factory = await createServerFactory(app);
    const client = new Client(
      { name: 'eval', version },
      { capabilities: person === 'absent' ? {} : { elicitation: { form: {} } } },
    );
    if (person !== 'absent')
      client.setRequestHandler('elicitation/create', ({ params }) =>
        asked.answer === 'no' ? { action: 'decline' } : (accept(params as never) as never),
      );
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await (await factory()).connect(theirs);
    await client.connect(ours);
    return {
      client,
      close: async () => {
        await client.close();
        await app.close();
      },
    };
  };
  if (task.setup) {
    const before = await connect(false, 'yes');
    for (const [name, args] of task.setup) {
      const { isError, content } = await before.client.callTool({ name, arguments: { ...args } });
      if (isError) throw new Error(`The setup of ${task.name} fails: ${JSON.stringify(content)}`);
    }
    await before.close();
  }
  changes.splice(0);
  asked.answer = task.person ?? 'yes';
  const { client, close } = await connect(task.readOnly === true, task.person ?? 'yes');
  return {
    client,
    changes,
    read: async (command, params) => {
      const query = new URLSearchParams({ command, response: 'json', listall: 'true', ...params });
      const response = await simulator.fetchTrusted(new Request(`${server.url}?${query.toString()}`));
      const [body] = Object.values((await response.json()) as Record<string, Row>);
      return rowsOf(body ?? {});
    },
    close: async () => {
      await close();
      await server.close();
      simulator.close();
    },
  };
};
