import { expect, test } from 'vitest';
import { estimateTokens } from '../../src/present/tokens.ts';
import { openHost, startCloud } from '../support/harness.ts';

const extensions = { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } };

test.each(['old', 'new'] as const)(
  'MCP Apps, %s protocol: added for hosts that show them, and for no one else',
  async (protocol) => {
    const cloud = await startCloud();
    const plain = await openHost({ env: cloud.env, protocol });
    const other = await openHost({
      env: cloud.env,
      protocol,
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/plain'] } },
    });
    const host = await openHost({ env: cloud.env, protocol, extensions });
    try {
      const [usual, same, shown] = await Promise.all([plain, other, host].map(({ client }) => client.listTools()));
      expect(JSON.stringify(same!.tools)).toBe(JSON.stringify(usual!.tools));
      expect(JSON.stringify(usual!.tools)).not.toContain('ui://');
      const withoutViews = shown!.tools.map(({ _meta, ...tool }) => tool);
      expect(JSON.stringify(withoutViews.slice(0, usual!.tools.length))).toBe(JSON.stringify(usual!.tools));
      const uris = shown!.tools.flatMap(({ _meta }) => {
        const { resourceUri } = (_meta?.['ui'] as { resourceUri?: string }) ?? {};
        return resourceUri ?? [];
      });
      expect(new Set(uris)).toEqual(
        new Set(['overview', 'network-map', 'resources', 'changes'].map((name) => `ui://cloudstack/${name}`)),
      );
      const { resources } = await host.client.listResources();
      expect(resources.map(({ uri }) => uri)).toEqual(expect.arrayContaining(uris));
      expect((await plain.client.listResources()).resources.some(({ uri }) => uri.startsWith('ui:'))).toBe(false);
      await expect(host.client.readResource({ uri: 'ui://cloudstack/../page.js' })).rejects.toThrow();
      // A view reads, and nothing else; what the page alone may ask, it may not.
      for (const body of [
        { tool: 'stopVirtualMachine', args: { id: 'web-1' } },
        { tool: 'getUserKeys', args: { id: 'admin' } },
      ]) {
        const refused = await host.client.callTool({ name: 'view', arguments: { question: 'call', body } });
        expect(refused.isError).toBe(true);
      }
      const reply = await host.client.callTool({
        name: 'view',
        arguments: { question: 'reply', body: { code: 'AAAA-AAAA' } },
      });
      expect(reply.isError).toBe(true);
      for (const one of [plain, other])
        await expect(one.client.callTool({ name: 'view', arguments: { question: 'kinds', body: {} } })).rejects.toThrow(
          'Unknown tool',
        );
      // Text says what the picture shows, to every host.
      const map = await plain.client.callTool({ name: 'network-map', arguments: { network: 'web-net' } });
      expect(map.content[0]).toMatchObject({
        text: expect.stringMatching(/port forwarding tcp \d+ → web-1 \(/) as string,
      });
      const both = await plain.client.callTool({ name: 'network-map', arguments: {} });
      expect(both.isError).toBe(true);
    } finally {
      for (const one of [plain, other, host]) await one.close();
      await cloud.close();
    }
  },
);

test('no view gives more than the budget of a model, however large the cloud is', async () => {
  const cloud = await startCloud({ vms: 2000 });
  const host = await openHost({ env: cloud.env, extensions });
  try {
    const ask = async (name: string, args: Record<string, unknown>) => {
      const { content, structuredContent = {} } = await host.client.callTool({ name, arguments: args });
      const text = content.map((part) => ('text' in part ? part.text : '')).join('');
      return { tokens: estimateTokens(text) + estimateTokens(JSON.stringify(structuredContent)), structuredContent };
    };
    const view = (question: string, body: object = {}) => ask('view', { question, body });
    for (const answer of [
      await ask('cloud-overview', {}),
      await ask('network-map', { network: 'web-net' }),
      await view('network-map', { network: 'web-net' }),
      await view('overview'),
      await view('kinds'),
      await view('related', { kind: 'UserVm' }),
      await view('describe', { tool: 'deploy-virtual-machine' }),
      await view('call', { tool: 'list-virtual-machines', pagesize: 500 }),
      await view('call', { tool: 'list-virtual-machines', args: { id: 'web-1' } }),
      await view('call', { tool: 'list-apis' }),
    ])
      expect(answer.tokens).toBeLessThanOrEqual(8000);
    const { rows, cells, count, isCut } = (await view('call', { tool: 'list-virtual-machines', pagesize: 500 }))
      .structuredContent as Record<'rows' | 'cells', unknown[]> & { count: number; isCut: boolean };
    expect(rows.length).toBeGreaterThan(10);
    expect(cells).toHaveLength(rows.length);
    expect(count).toBeGreaterThan(2000);
    expect(isCut).toBe(true);
  } finally {
    await host.close();
    await cloud.close();
  }
});
