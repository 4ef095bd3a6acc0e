import { join } from 'node:path';
import type * as z from 'zod';
import type { Proxies } from './cloud.ts';
import { toEndpoint } from './endpoint.ts';
import { findOtherTools, importProfiles } from './import.ts';
import { configPathOf, stateFolderOf } from './places.ts';
import { readText } from './read-text.ts';
import { readPrompts, readSections, type FileSections } from './sections.ts';
import { envNameOf, flagOf, secretSettings, settings, type Settings } from './settings.ts';
import { toProfile, type Profile } from './profile.ts';
import { byName, simulatorProfile } from './profile-names.ts';
import { readStoreUrl } from './store-url.ts';
import { readHeaders, readTraces, type Traces } from './telemetry.ts';
import type { Environment } from './values.ts';
import { findWarnings } from './warnings.ts';
import { keysOf, wrong } from './wrong.ts';
import { seePage } from '../documents.ts';
import { CallError, type ErrorDetails } from '../errors.ts';
import { isRecord } from '../rows.ts';
import { closestWord, mayBeMeant } from '../spelling.ts';
import { toLabel } from '../text.ts';

type Raw = Record<string, unknown>;

/** The whole configuration: settings and profiles by name. */
export interface Config extends Settings, FileSections {
  profiles: Readonly<Record<string, Profile>>;
  /** Folder for what outlives the process: the audit log, calls that wait for approval. */
  state: string;
  otlp: Otlp;
  /** What is unsafe about files and endpoints: sentences for the operator, without secrets. */
  warnings: readonly string[];
  /** Where other tools are configured, a sentence each; looked for where nothing is configured here. */
  otherTools: readonly string[];
  /** Proxies on the way to CloudStack; undefined without any. */
  proxies?: Proxies | undefined;
  /** Undefined: calls are not traced. */
  traces?: Traces | undefined;
}

/** What OpenTelemetry's own variables say about sending logs by OTLP over HTTP. */
export interface Otlp {
  url: string;
  headers: Readonly<Record<string, string>>;
  service: string;
}

/** A variable's value, or the first line of the file that `NAME_FILE` points to. */
const readSecret = (env: Environment, name: string): string | undefined => {
  const file = env[`${name}_FILE`];
  return env[name] || (file ? readText(file, `${name}_FILE`).trim() : undefined);
};

/** The file that a secret is read from, if it is. */
const secretFileOf = (env: Environment, name: string): string[] =>
  env[name] || !env[`${name}_FILE`] ? [] : [env[`${name}_FILE`]!];

const fromEnv = (env: Environment): Raw | undefined => {
  const url = env['CLOUDSTACK_API_URL'];
  if (!url) return undefined;
  const given = {
    url,
    apiKey: readSecret(env, 'CLOUDSTACK_API_KEY'),
    secretKey: readSecret(env, 'CLOUDSTACK_SECRET_KEY'),
    username: env['CLOUDSTACK_USERNAME'],
    password: readSecret(env, 'CLOUDSTACK_PASSWORD'),
    domain: env['CLOUDSTACK_DOMAIN'],
    signature: env['CLOUDSTACK_MCP_SIGNATURE']?.toLowerCase(),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
};

const profileSecrets = ['CLOUDSTACK_API_KEY', 'CLOUDSTACK_SECRET_KEY', 'CLOUDSTACK_PASSWORD'];

/** Lower case first, as curl reads them. */
const readProxies = (env: Environment): Proxies | undefined => {
  const read = (name: string): string => env[name] || env[name.toUpperCase()] || '';
  const proxies = { http: read('http_proxy'), https: read('https_proxy'), none: read('no_proxy') };
  for (const [name, value] of Object.entries({ HTTP_PROXY: proxies.http, HTTPS_PROXY: proxies.https }))
    // The address itself may hold a password, and is not repeated.
    if (value && !(URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)))
      throw wrong(`${name} is not an http(s) URL.`, 'It looks like http://proxy.example.com:3128.');
  return proxies.http || proxies.https ? proxies : undefined;
};

/** Terraform's provider and cs read the same variable as seconds. */
const checkTimeout = ({ CLOUDSTACK_TIMEOUT: given }: Environment): string[] =>
  given && Number(given) > 0 && Number(given) < 1000
    ? [
        `CLOUDSTACK_TIMEOUT=${toLabel(given)} means milliseconds here; Terraform and cs read the same number as seconds.`,
      ]
    : [];

/** Files that hold secrets: those that variables and profiles name, another tool's, and the configuration itself. */
const listSecretFiles = (env: Environment, file: Raw, path: unknown, imported: readonly string[]): string[] => {
  const profiles = Object.values((file['profiles'] ?? {}) as Raw).filter(isRecord);
  const named = profiles.flatMap(({ secretKeyFile, passwordFile }) => [secretKeyFile, passwordFile]);
  const holdsSecret =
    profiles.some(({ secretKey, password }) => secretKey ?? password) ||
    [...secretSettings].some((name) => file[name] !== undefined);
  const variables = [...profileSecrets, ...[...secretSettings].map(envNameOf)];
  const files = [...variables.flatMap((name) => secretFileOf(env, name)), ...named, ...imported];
  return [...files, holdsSecret ? path : undefined].filter((name): name is string => typeof name === 'string');
};

const toPosition = (linePos: readonly { line: number; col: number }[] | undefined): ErrorDetails['position'] =>
  linePos?.[0] && { line: linePos[0].line, column: linePos[0].col };

const readFile = async (path: string): Promise<Raw> => {
  const { parse, YAMLParseError } = (await import('yaml')).default;
  try {
    return (parse(readText(path, 'The configuration file')) ?? {}) as Raw;
  } catch (error) {
    if (error instanceof CallError) throw error;
    // Its further lines quote the file, which may hold secrets.
    const [what = ''] = (error as Error).message.split('\n', 1);
    throw wrong(`${path} is neither YAML nor JSON: ${what.replace(/:$/, '')}.`, seePage('configuration'), {
      position: error instanceof YAMLParseError ? toPosition(error.linePos) : undefined,
    });
  }
};

/** https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
const readOtlp = (env: Environment): Otlp => {
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'] || 'http://localhost:4318';
  return {
    url: env['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'] || `${base.replace(/(?<!\/)\/+$/, '')}/v1/logs`,
    headers: readHeaders(env['OTEL_EXPORTER_OTLP_LOGS_HEADERS'] || env['OTEL_EXPORTER_OTLP_HEADERS']),
    service: env['OTEL_SERVICE_NAME'] || 'cloudstack-mcp-server',
  };
};

/** Sections of the file beside the settings. */
const sectionNames = ['profiles', 'policy', 'roles', 'risks', 'principals', 'auth', 'prompts'];

/** What is wrong with settings, each by its names, with what was given where that is no secret; `path` is the file's. */
const explainSettings = ({ issues }: z.ZodError, asked: Raw, path: string | undefined): string => {
  const known = [...sectionNames, ...Object.keys(settings.shape)];
  const problems = issues.flatMap((issue) => {
    const { code, message, path: at } = issue;
    if (code === 'unrecognized_keys')
      return issue.keys.map((key) => {
        const near = closestWord(key.slice(0, 100).toLowerCase(), known);
        const meant = mayBeMeant(key.slice(0, 100).toLowerCase(), near) ? `; did you mean ${near}?` : '.';
        return `${path ?? 'The configuration'}: there is no setting "${toLabel(key)}"${meant}`;
      });
    const name = at.map(String).join('.');
    const names = known.includes(name) ? `${name} (${flagOf(name)}, ${envNameOf(name)})` : name;
    const not = secretSettings.has(name) ? '' : `, not "${toLabel(String(asked[name]))}"`;
    return /NaN/.test(message) ? `${names} must be a number${not}.` : `${names}: ${message}.`;
  });
  return problems.join(' ');
};

/** Principals with their roles only: which profiles of clouds they use says nothing of the simulator. */
const withoutProfiles = (principals: FileSections['principals']): FileSections['principals'] =>
  principals && Object.fromEntries(Object.entries(principals).map(([name, { role }]) => [name, { role }]));

/**
 * The configuration: defaults ← file ← environment ← flags. `flags.config` names the file, `flags.credentials` another
 * tool's file (cloudmonkey, cs). Throws a configuration error that says what is wrong and how to fix it.
 */
export const loadConfig = async (flags: Raw, env: Environment): Promise<Config> => {
  const { config: _config, credentials = env['CLOUDSTACK_MCP_CREDENTIALS'], ...given } = flags;
  const path = configPathOf(flags, env);
  const content = path ? await readFile(path) : {};
  const { profiles: inFile = {}, policy, roles, risks, principals, auth, prompts, $schema: _schema, ...file } = content;
  const fromVariables = Object.fromEntries(
    Object.keys(settings.shape).flatMap((name) => {
      const value = secretSettings.has(name) ? readSecret(env, envNameOf(name)) : env[envNameOf(name)];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const asked = { ...file, ...fromVariables, ...set };
  const parsed = settings.safeParse(asked);
  if (!parsed.success)
    throw wrong(explainSettings(parsed.error, asked, path), seePage('configuration'), { keys: keysOf(parsed.error) });

  const imported = credentials ? importProfiles(credentials as string, env) : undefined;
  const variables = fromEnv(env);
  const all: Raw = { ...imported?.profiles, ...(inFile as Raw), ...(variables ? { default: variables } : {}) };
  const names = Object.keys(all);
  const profiles = byName(names.map((name) => [name, toProfile(name, all[name])]));
  // A single profile needs no name.
  const { profile } = parsed.data;
  const only = names.length === 1 && profile === 'default' ? names[0]! : profile;
  const { simulator } = parsed.data;
  const folder = parsed.data.state || stateFolderOf(env);
  // Rehearsals leave nothing among the records of a cloud: neither entries, nor calls that wait, nor counts.
  const state = simulator ? join(folder, simulatorProfile) : folder;
  const sections = await readSections({ policy, roles, risks, principals, auth });
  const secretFiles = listSecretFiles(env, content, path, imported?.paths ?? []);
  const ruleFile = path && !secretFiles.includes(path) ? path : undefined;
  const endpoints = Object.fromEntries(Object.entries(profiles).map(([key, { endpoint }]) => [key, endpoint]));
  const repairs = names.flatMap((name) => {
    const { repaired, url } = toEndpoint(String((all[name] as Raw)['url'])) ?? {};
    return repaired === undefined ? [] : [`Profile ${name}: ${repaired} was added to the URL: ${url}.`];
  });
  const otlp = readOtlp(env);
  const traces = readTraces(env);
  const withCredential = ({ url, headers }: Pick<Otlp, 'url' | 'headers'>): string | undefined =>
    Object.keys(headers).length && URL.canParse(url) ? url : undefined;
  const { redisUrl } = parsed.data;
  const services = {
    'The shared store': readStoreUrl(redisUrl)?.password === undefined ? undefined : redisUrl,
    'The audit log over OTLP': parsed.data.audit.includes('otlp') ? withCredential(otlp) : undefined,
    Traces: traces && withCredential(traces),
  };
  const proxies = readProxies(env);
  return {
    ...parsed.data,
    profile: simulator ? simulatorProfile : only,
    state,
    audit: parsed.data.audit || join(state, 'audit.jsonl'),
    otlp,
    warnings: [
      ...(simulator ? [] : repairs),
      ...checkTimeout(env),
      ...findWarnings({
        secretFiles,
        ruleFile,
        endpoints: simulator ? {} : endpoints,
        proxies: simulator ? {} : { HTTP_PROXY: proxies?.http, HTTPS_PROXY: proxies?.https },
        services,
      }),
    ],
    otherTools: simulator || names.length ? [] : findOtherTools(env),
    proxies,
    traces,
    ...sections,
    ...(await readPrompts(prompts)),
    ...(simulator ? { principals: withoutProfiles(sections.principals) } : {}),
    profiles: simulator ? byName([[simulatorProfile, {}]]) : profiles,
  };
};
