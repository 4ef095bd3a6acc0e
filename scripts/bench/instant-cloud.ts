/**
 * A cloud that costs nothing: it answers each command with text that was made before. Run as a process of its own; prints one JSON
 * line with its URL. Its rows are the embedded simulator's.
 */
import { createServer } from 'node:http';
import { createSimulator } from '../../src/simulator/index.ts';
import { createKeyCredential } from '../../src/cloudstack/credential.ts';

const simulator = createSimulator();
const credential = createKeyCredential(simulator.credentials);
const ask = async (
  command: string,
  params: Record<string, string> = {},
): Promise<Record<string, Record<string, unknown>>> => {
  const { query } = await credential.prove({ command, response: 'json', ...params }, AbortSignal.timeout(5000));
  const response = await simulator.fetch(new Request(`http://simulator.invalid/client/api?${query}`));
  return (await response.json()) as Record<string, Record<string, unknown>>;
};

const apis = JSON.stringify(await ask('listApis'));
const events = JSON.stringify(await ask('listEvents', { page: '1', pagesize: '100' }));
const machines = await ask('listVirtualMachines', { listall: 'true' });
const [row] = machines['listvirtualmachinesresponse']!['virtualmachine'] as Record<string, unknown>[];
const texts = new Map<number, string>();
const page = (size: number): string => {
  let text = texts.get(size);
  if (text === undefined) {
    const rows = Array.from({ length: size }, (_, at) => ({
      ...row,
      id: `${String(at).padStart(8, '0')}-5f1c-4a7e-9d3b-6c2e8f0a1b2d`,
      name: `machine-${at}`,
    }));
    texts.set(size, (text = JSON.stringify({ listvirtualmachinesresponse: { count: 1000, virtualmachine: rows } })));
  }
  return text;
};
const others = new Map<string, string>();
const other = async (command: string): Promise<string> => {
  let text = others.get(command);
  if (text === undefined) others.set(command, (text = JSON.stringify(await ask(command))));
  return text;
};

const answer = async (url: URL): Promise<string> => {
  const command = url.searchParams.get('command') ?? '';
  if (command === 'listApis') return apis;
  if (command === 'listEvents') return events;
  if (command === 'listVirtualMachines') return page(Number(url.searchParams.get('pagesize') ?? 20));
  return other(command);
};

const server = createServer((request, response) => {
  void answer(new URL(request.url ?? '/', 'http://cloud')).then((text) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
// The servers take turns: a connection waits for its next one.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/client/api` })}\n`);
});
