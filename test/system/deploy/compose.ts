import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool, run } from './tools.ts';

/** A service as Compose understands it, defaults filled in. */
export interface Composed {
  image: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  environment?: Record<string, string>;
  ports?: { host_ip?: string; published?: string; target: number }[];
  healthcheck?: { test: string[] };
  deploy?: { resources?: { limits?: { memory?: string } } };
  stop_grace_period?: string;
  secrets?: { source: string }[];
  networks?: Record<string, unknown>;
}

/** compose.yaml as Compose understands it. */
export interface ComposeProject {
  services: Record<string, Composed>;
  networks: Record<string, { internal?: boolean }>;
}

/** Runs prepare.sh on a copy and has the library of Compose read the file. Throws with its words when it is wrong. */
export const readCompose = (): ComposeProject => {
  const tool = findTool('compose');
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-compose-'));
  try {
    cpSync('deploy', folder, { recursive: true, dereference: true });
    run('sh', [join(folder, 'compose/prepare.sh')]);
    return JSON.parse(run(tool, ['-format', 'json', join(folder, 'compose/compose.yaml')])) as ComposeProject;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** What must hold of every service. Gives what does not. */
export const composeProblems = ({ services, networks }: ComposeProject): string[] =>
  Object.entries(services).flatMap(([name, service]) =>
    [
      service.read_only === true || 'may write to its root',
      service.cap_drop?.includes('ALL') || 'keeps capabilities',
      service.security_opt?.includes('no-new-privileges:true') || 'may gain privileges',
      service.healthcheck !== undefined || name === 'server' || 'has no health check',
      service.deploy?.resources?.limits?.memory !== undefined || 'has no limit of memory',
      (service.ports ?? []).every(({ host_ip }) => host_ip === '127.0.0.1') || 'publishes a port beyond loopback',
      /:[\w.-]+$/.test(service.image) || name === 'server' || 'has an image without a tag',
      name !== 'valkey' ||
        (service.ports === undefined && networks['store']?.internal === true) ||
        'can be reached from outside',
      name !== 'server' || service.ports === undefined || 'is published without TLS',
    ].flatMap((held) => (typeof held === 'string' ? [`${name} ${held}`] : [])),
  );
