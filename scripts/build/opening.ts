import { PassThrough } from 'node:stream';
import * as z from 'zod';
import { createApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { PreparedConfig } from '../../src/config/plain-config.ts';
import { envNameOf, settings, type Settings } from '../../src/config/settings.ts';
import { serveStdio } from '../../src/mcp/stdio.ts';
import type { PreparedOpening, PreparedSetting } from '../../src/opening/prepared.ts';

const clientInfo = { name: 'build', version: '0' };

/** Asks a server of the default configuration one request after another, over a connection of their own. */
const ask = async (requests: readonly { method: string; params?: object }[]): Promise<string[]> => {
  const config = await loadConfig({}, { CLOUDSTACK_MCP_SIMULATOR: 'true' });
  const app = createApp(config, { stderr: process.stderr });
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const served = serveStdio(app, {
    stdin,
    stdout,
    onerror: (error) => {
      throw error;
    },
  });
  const lines: string[] = [];
  const all = new Promise<void>((resolve) => {
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      const parts = (text + chunk.toString()).split('\n');
      text = parts.pop()!;
      lines.push(...parts);
      if (lines.length === requests.length) resolve();
    });
  });
  requests.forEach((request, id) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...request })}\n`));
  await all;
  stdin.end();
  await served;
  await app.close();
  return lines.map((line) => {
    const { result } = JSON.parse(line) as { result?: object };
    if (!result) throw new Error(`The server answers its opening with ${line}`);
    return JSON.stringify(result);
  });
};

/** Versions of the protocol whose connections begin with `initialize`, and those whose requests stand alone. */
const versions = {
  initialize: ['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'],
  stateless: ['2026-07-28'],
};

/** Settings on which the answers depend, or whether there are any. */
const deciding = new Set(['readOnly', 'tools', 'profile', 'transport', 'simulator']);

interface Described {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
}

/** What a variable of a setting may hold; undefined where its schema alone can tell. */
const describe = ({ type, ...schema }: Described, takesAny: boolean): PreparedSetting | undefined => {
  if (schema.enum) return schema.enum;
  const { minimum, maximum } = schema;
  if (type === 'integer' && minimum !== undefined && maximum !== undefined) return { minimum, maximum };
  return type === 'string' && takesAny ? 'text' : undefined;
};

const settingsOf = (): PreparedOpening['settings'] =>
  Object.fromEntries(
    Object.entries(settings.shape).flatMap(([name, schema]) => {
      const described = z.toJSONSchema(schema, { unrepresentable: 'any' }) as Described;
      const isFlag = schema.safeParse('On').data === true && schema.safeParse('no').data === false;
      const takesAny = schema.safeParse('no such value').success;
      const setting = deciding.has(name) ? undefined : isFlag ? 'flag' : describe(described, takesAny);
      return setting === undefined ? [] : [[envNameOf(name), setting]];
    }),
  );

const configOf = async (known: PreparedOpening['settings']): Promise<PreparedConfig> => {
  const { otlp } = await loadConfig({ simulator: true }, {});
  const all = Object.keys(settings.shape) as (keyof Settings)[];
  const names = all
    .map((name) => [envNameOf(name), name] as const)
    .filter(([variable]) => Object.hasOwn(known, variable));
  return { defaults: settings.parse({}), otlp, names: Object.fromEntries(names) };
};

/** What the server answers first, each from a connection to it as it is. */
export const prepareOpening = async (): Promise<PreparedOpening> => {
  const initialize: Record<string, string> = {};
  let list = '';
  for (const protocolVersion of versions.initialize) {
    const params = { protocolVersion, capabilities: {}, clientInfo };
    const [opened = '', listed = ''] = await ask([{ method: 'initialize', params }, { method: 'tools/list' }]);
    if (list && list !== listed) throw new Error(`The tools of protocol version ${protocolVersion} are others.`);
    initialize[protocolVersion] = opened;
    list = listed;
  }
  const stateless: Record<string, Record<string, string>> = {};
  for (const version of versions.stateless) {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientInfo': clientInfo,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const methods = ['server/discover', 'tools/list'];
    const results = await ask(methods.map((method) => ({ method, params: { _meta } })));
    stateless[version] = Object.fromEntries(methods.map((method, at) => [method, results[at]!]));
  }
  const known = settingsOf();
  return { initialize, list, stateless, settings: known, config: await configOf(known) };
};
