import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../support/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-eval-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An endpoint that gives one reply after the other. */
const startEndpoint = async (replies: readonly object[], status = 200) => {
  const asked: { url: string; headers: IncomingHttpHeaders; body: Record<string, any> }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push({ url: request.url!, headers: request.headers, body: JSON.parse(text) as Record<string, any> });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(replies[asked.length - 1]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, close: () => new Promise((resolve) => server.close(resolve)) };
};

const args = { tool: 'start-virtual-machine', arguments: { id: 'demo' } };
const ofOpenai = (content: string | null, calls: object[] = []) => ({
  choices: [{ message: { content, tool_calls: calls } }],
  usage: { total_tokens: 100 },
});

test('a model of the OpenAI form does a task; what it said is recorded and judged alike again', async () => {
  const call = { id: 'call-1', type: 'function', function: { name: 'change', arguments: JSON.stringify(args) } };
  const endpoint = await startEndpoint([ofOpenai(null, [call]), ofOpenai('It runs.')]);
  const record = join(folder, 'said.jsonl');
  const words = ['eval', 'start-a-machine', '--model', 'm1', '--endpoint', `${endpoint.url}/v1`, '--record', record];
  const { stdout, status } = await runCommand(words, { env: { OPENAI_API_KEY: 'sk-test' } });
  await endpoint.close();
  expect(stdout).toContain('1 of 1 passed');
  expect(status).toBe(0);
  const [first, second] = endpoint.asked;
  expect(first).toMatchObject({ url: '/v1/chat/completions', headers: { authorization: 'Bearer sk-test' } });
  expect(first!.body).toMatchObject({
    model: 'm1',
    messages: [{ role: 'system' }, { content: 'Start the machine demo.' }],
  });
  expect(first!.body['tools'].map((tool: any) => tool.function.name)).toContain('find-tools');
  expect(second!.body['messages'].at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'call-1' });
  expect(readFileSync(record, 'utf8')).not.toContain('sk-test');
  const again = await runCommand(['eval', 'start-a-machine', '--transcript', record]);
  // How long a job took stands in its answer.
  const withoutTokens = (text: string): string => text.replace(/ +\d+ tokens/g, '');
  expect(withoutTokens(again.stdout)).toBe(withoutTokens(stdout));
});

test('a model of the Anthropic form does the same', async () => {
  const usage = { input_tokens: 60, output_tokens: 40 };
  const endpoint = await startEndpoint([
    {
      content: [
        { type: 'text', text: 'I start it.' },
        { type: 'tool_use', id: 't1', name: 'change', input: args },
      ],
      usage,
    },
    { content: [{ type: 'text', text: 'It runs.' }], usage },
  ]);
  const words = ['eval', 'start-a-machine', '--model', 'claude-x', '--endpoint', endpoint.url, '--json'];
  const { stdout, status } = await runCommand(words, { env: { ANTHROPIC_API_KEY: 'key' } });
  await endpoint.close();
  expect(JSON.parse(stdout)).toMatchObject({ results: [{ passed: true, calls: 1, modelTokens: 200 }] });
  expect(status).toBe(0);
  const [first, second] = endpoint.asked;
  expect(first).toMatchObject({ url: '/v1/messages', headers: { 'x-api-key': 'key' } });
  expect(second!.body['messages'].at(-1)).toMatchObject({ role: 'user', content: [{ tool_use_id: 't1' }] });
});

test('what a model would have broken is said, and so is a wrong answer', async () => {
  const transcript = join(folder, 'bad.jsonl');
  const destroyed = { name: 'destroy', args: { tool: 'destroy-virtual-machine', arguments: { id: 'web-1' } } };
  const turns = [{ calls: [destroyed, { name: 'no-such-tool', args: {} }] }, { text: 'Done.' }];
  writeFileSync(transcript, JSON.stringify({ task: 'ambiguous-delete', turns }));
  const { stdout, status } = await runCommand(['eval', 'ambiguous-delete', '--transcript', transcript]);
  expect(stdout).toContain('FAILED  ambiguous-delete');
  expect(stdout).toContain('would have been broken: destroyVirtualMachine');
  expect(stdout).toContain('the answer does not say');
  expect(stdout).toContain('listVirtualMachines {"name":"web-1"}: state is Destroyed instead of Running');
  expect(status).toBe(1);
});

test('what cannot be run is said', async () => {
  const wrong = join(folder, 'wrong.jsonl');
  writeFileSync(wrong, '{"task": 1}\n');
  const failing = await startEndpoint([{ error: 'no such model' }], 404);
  const cases: [string[], string][] = [
    [['eval'], 'No model is named'],
    [['eval', 'no-such-task', '--reference'], 'no-such-task'],
    [['eval', '--transcript', wrong], 'Line 1 of the transcript'],
    [['eval', '--transcript', join(folder, 'none.jsonl')], 'none.jsonl'],
    [['eval', 'who-am-i', '--model', 'x', '--endpoint', failing.url], 'answered 404'],
  ];
  for (const [words, said] of cases) {
    const { stderr, status } = await runCommand(words);
    expect(stderr, words.join(' ')).toContain(said);
    expect(status, words.join(' ')).not.toBe(0);
  }
  await failing.close();
});
