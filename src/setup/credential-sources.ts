import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importProfiles } from '../config/import.ts';
import { readText } from '../config/read-text.ts';
import type { Environment } from '../config/values.ts';
import { CallError } from '../errors.ts';
import type { System } from './system.ts';

/** A cloud with a credential as another tool, or the environment, has it. */
export interface FoundCloud {
  /** Where it was found, as a person is told. */
  from: string;
  url: string;
  apiKey?: string | undefined;
  secretKey?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  domain?: string | undefined;
}

/** Where credentials may come from. */
export const sources = ['environment', 'cloudmonkey', 'cs', 'terraform'] as const;

/** One of them. */
export type Source = (typeof sources)[number];

const valueOf = (env: Environment, name: string): string | undefined => {
  const file = env[`${name}_FILE`];
  return env[name] || (file ? readText(file, `${name}_FILE`).trim() : undefined);
};

const first = (env: Environment, ...names: string[]): string | undefined =>
  names.map((name) => valueOf(env, name)).find(Boolean);

/** The variables of this program, those of cs and Ansible, and those of Terraform's provider, which are this program's too. */
const fromEnvironment = ({ env }: System): FoundCloud[] => {
  const url = first(env, 'CLOUDSTACK_API_URL', 'CLOUDSTACK_ENDPOINT');
  if (!url) return [];
  return [
    {
      from: 'the environment',
      url,
      apiKey: first(env, 'CLOUDSTACK_API_KEY', 'CLOUDSTACK_KEY'),
      secretKey: first(env, 'CLOUDSTACK_SECRET_KEY', 'CLOUDSTACK_SECRET'),
      username: env['CLOUDSTACK_USERNAME'],
      password: first(env, 'CLOUDSTACK_PASSWORD'),
      domain: env['CLOUDSTACK_DOMAIN'],
    },
  ];
};

/** Their profiles; none where the tool has no file. */
const readProfiles = (tool: 'cloudmonkey' | 'cs', env: Environment): Record<string, unknown> => {
  try {
    return importProfiles(tool, env).profiles;
  } catch (error) {
    if (error instanceof CallError) return {};
    throw error;
  }
};

const fromTool =
  (tool: 'cloudmonkey' | 'cs') =>
  ({ env }: System): FoundCloud[] => {
    const { default: main, ...others } = readProfiles(tool, env) as Record<string, Omit<FoundCloud, 'from'>>;
    const named = Object.entries(others).map(([name, cloud]) => ({ ...cloud, from: `${tool} (${name})` }));
    const chosen = named.find(({ url, apiKey }) => url === main?.url && apiKey === main.apiKey);
    // The one that the tool uses stands first.
    return chosen ? [chosen, ...named.filter((cloud) => cloud !== chosen)] : named;
  };

const variable = /^[ \t]*(?:cloudstack_)?(api_url|api_key|secret_key)[ \t]*=[ \t]*"([^"\\]*)"/gim;

/** The values of variables files in this folder, and TF_VAR_… of the environment. */
const fromTerraform = ({ env }: System): FoundCloud[] => {
  const files = existsSync('.')
    ? readdirSync('.').filter((name) => /^terraform\.tfvars$|\.auto\.tfvars$/.test(name))
    : [];
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const [, key] = /^TF_VAR_(?:cloudstack_)?(api_url|api_key|secret_key)$/.exec(name) ?? [];
    if (key && value) values[key] = value;
  }
  for (const file of files)
    for (const [, key = '', value = ''] of readText(join('.', file), 'The variables file').matchAll(variable))
      values[key.toLowerCase()] = value;
  const { api_url: url, api_key: apiKey, secret_key: secretKey } = values;
  return url ? [{ from: 'Terraform variables', url, apiKey, secretKey }] : [];
};

const finders: Readonly<Record<Source, (system: System) => FoundCloud[] | Promise<FoundCloud[]>>> = {
  environment: fromEnvironment,
  cloudmonkey: fromTool('cloudmonkey'),
  cs: fromTool('cs'),
  terraform: fromTerraform,
};

/** The clouds that a source knows, the one in use first; none where there is no such source. */
export const findClouds = async (source: Source, system: System): Promise<FoundCloud[]> => finders[source](system);
