/** The same without any SDK: what Node alone costs. */
import { createInterface } from 'node:readline';
import { askCloud } from './ask-cloud.ts';

interface Message {
  id?: number;
  method: string;
  params?: { protocolVersion?: string; arguments?: { arguments?: { pagesize?: number } } };
}

const resultOf = async ({ method, params }: Message): Promise<object> => {
  if (method === 'initialize')
    return {
      protocolVersion: params?.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'bare', version: '0.0.0' },
    };
  if (method === 'tools/list') return { tools: [{ name: 'read', inputSchema: { type: 'object' } }] };
  const { pagesize = 20 } = params?.arguments?.arguments ?? {};
  return { content: [{ type: 'text', text: await askCloud(pagesize) }] };
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as Message;
    const { id } = message;
    if (id === undefined) return;
    void resultOf(message).then((result) =>
      process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`),
    );
  })
  .on('close', () => process.exit());
