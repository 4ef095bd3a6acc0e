import { expect, test } from 'vitest';
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
