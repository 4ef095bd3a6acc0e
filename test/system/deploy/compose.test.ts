import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { unknownVariables } from './promises.ts';
import { openClient, startDoor } from '../../support/door.ts';

const text = readFileSync('deploy/compose/compose.yaml', 'utf8');
const { services, secrets } = parse(text, { merge: true }) as {
  services: Record<string, any>;
  secrets: Record<string, { file: string }>;
};

describe('compose.yaml', () => {
  it('gives no service more than it needs', () => {
    for (const [name, service] of Object.entries(services)) {
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect(service.deploy.resources.limits.memory, name).toBeDefined();
    }
  });

  it('publishes nothing but the proxy and Grafana, on loopback unless somebody says otherwise', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port: string) => [name, port]),
    );
    expect(published).toEqual([
      ['proxy', '${BIND:-127.0.0.1}:${PORT:-8443}:443'],
      ['grafana', '127.0.0.1:${GRAFANA_PORT:-3001}:3000'],
    ]);
  });

  it('keeps secrets out of the environment', () => {
    for (const [name, { environment = {} }] of Object.entries(services))
      for (const [variable, value] of Object.entries(environment as Record<string, string>))
        if (/KEY|PASSWORD|REDIS_URL/.test(variable))
          expect([name, variable, value]).toEqual([
            name,
            expect.stringMatching(/_FILE$/),
            expect.stringMatching(/^\/run\/secrets\//),
          ]);
    for (const { secrets: used = [] } of Object.values(services))
      for (const secret of used) expect(Object.keys(secrets)).toContain(secret);
  });

  it('sets only variables that the server reads', () => {
    expect(unknownVariables(JSON.stringify(services['server'].environment))).toEqual([]);
  });

  it('waits longer than running calls get before it kills', () => {
    const { stop_grace_period: period, environment } = services['server'];
    expect(Number(period.replace('s', '')) * 1000).toBeGreaterThan(Number(environment.CLOUDSTACK_MCP_GRACE));
  });

  it('lets Valkey forget nothing, and keeps it in a network without a way out', () => {
    expect(services['valkey'].command.join()).toContain('maxmemory-policy noeviction');
    expect(services['valkey'].networks).toEqual(['store']);
    expect(parse(text).networks.store).toEqual({ internal: true });
  });

  it('lets Prometheus ask the server by a name that the server answers for', () => {
    const { scrape_configs: jobs } = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8'));
    const targets = jobs.flatMap((job: any) =>
      (job.static_configs ?? job.dns_sd_configs).flatMap((one: any) => one.targets ?? one.names),
    );
    const allowed = services['server'].environment.CLOUDSTACK_MCP_ALLOWED_HOSTS.split(',');
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) {
      const host = target.replace(/:\d+$/, '');
      expect(Object.keys(services)).toContain(host);
      if (host === 'server') expect(allowed).toContain(host);
    }
  });

  it('leads nothing but /mcp and the metadata to the outside', () => {
    const [, paths] = /@clients path (.+)/.exec(readFileSync('deploy/compose/Caddyfile', 'utf8'))!;
    expect(paths!.split(' ')).toEqual([
      '/mcp',
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-protected-resource/*',
    ]);
  });
});

describe('prepare.sh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-prepare-'));
  const prepare = (): string => execFileSync('sh', [join(folder, 'compose/prepare.sh')], { encoding: 'utf8' });
  const read = (path: string): string => readFileSync(join(folder, 'compose', path), 'utf8');
  let token = '';
  beforeAll(() => {
    cpSync('deploy/compose', join(folder, 'compose'), { recursive: true });
    cpSync('deploy/config.example.yaml', join(folder, 'config.example.yaml'));
    [token = ''] = /[0-9a-f]{64}/.exec(prepare()) ?? [];
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('makes every secret that compose.yaml mounts, in a folder closed to others', () => {
    const files = Object.values(secrets).map(({ file }) => file.replace('./secrets/', ''));
    expect(readdirSync(join(folder, 'compose/secrets')).sort()).toEqual(files.sort());
    expect(statSync(join(folder, 'compose/secrets')).mode & 0o777).toBe(0o700);
    expect(read('secrets/redis_url')).toBe(`redis://:${read('secrets/valkey_password')}@valkey:6379`);
    expect(read('secrets/valkey_password')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes a configuration that the server takes, and a token that opens it', async () => {
    expect(read('config.yaml')).toContain(createHash('sha256').update(token).digest('hex'));
    const door = await startDoor({ file: parse(read('config.yaml')), env: { CLOUDSTACK_MCP_SIMULATOR: 'true' } });
    try {
      await expect(openClient(door, { token: 'another' })).rejects.toThrow();
      const client = await openClient(door, { token });
      const { structured } = await client.call('read', { tool: 'list-zones' });
      expect(structured['returned']).toBeGreaterThan(0);
      await client.close();
    } finally {
      await door.close();
    }
  });

  it('leaves what is there as it is', () => {
    const before = ['secrets/redis_url', 'secrets/valkey_password', 'config.yaml'].map(read);
    expect(prepare()).toBe('');
    expect(['secrets/redis_url', 'secrets/valkey_password', 'config.yaml'].map(read)).toEqual(before);
  });

  it('gives the sample to nobody: no token has its hash', () => {
    const { auth } = parse(readFileSync('deploy/config.example.yaml', 'utf8'));
    expect(Object.values(auth.tokens)).toEqual(['0'.repeat(64)]);
  });
});
