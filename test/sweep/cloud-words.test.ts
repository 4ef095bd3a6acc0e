import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compactTools, instructionsFor } from '../../src/mcp/compact.ts';
import { openApp, type Answers } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';

const injections = JSON.parse(readFileSync('test/guard/injections.json', 'utf8')) as Record<string, string>;

test('the words of the cloud reach no tool list, no instruction and no description of what is known here; of what is not they are marked', async () => {
  for (const text of Object.values(injections)) {
    const apis = [
      { name: 'listVirtualMachines', description: text, params: [{ name: 'id', type: 'uuid', description: text }] },
      { name: 'frobnicateCloud', description: text, params: [{ name: 'x', type: 'string', description: text }] },
    ];
    const answers: Answers = (command) => (command === 'listApis' ? { count: 2, api: apis } : undefined);
    const { app, close } = await openApp({}, { answers, env: { CLOUDSTACK_MCP_DISCOVER: 'true' } });
    const raw = await openRaw(app);
    const words = JSON.stringify(text).slice(1, -1).slice(0, 40);
    const output = JSON.stringify([
      await raw.call('find-tools', { query: 'virtual machines' }),
      await raw.call('describe-tools', { tools: ['listVirtualMachines'] }),
      compactTools,
      instructionsFor([]),
    ]);
    expect(output).not.toContain(words);
    const unknown = await raw.call('describe-tools', { tools: ['frobnicateCloud'] });
    expect(JSON.stringify(unknown)).toContain('Not in the catalog; the cloud says: ');
    await raw.close();
    await close();
  }
});
