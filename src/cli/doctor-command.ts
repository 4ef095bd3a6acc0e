import { constants, accessSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../folder.ts';
import { createApp } from '../app/app.ts';
import { loadConfig, type Config } from '../config/config.ts';
import { missingProfile } from '../config/missing-profile.ts';
import { configPathOf } from '../config/places.ts';
import { seePage } from '../documents.ts';
import { CallError } from '../errors.ts';
import { renderHint } from '../hints.ts';
import { programName } from '../program-name.ts';
import { checkCloud } from '../setup/check-cloud.ts';
import { findKey } from '../setup/find-key.ts';
import { checkHosts } from '../setup/check-hosts.ts';
import { fine, skipped, warning, wrong, type CheckResult } from '../setup/check-result.ts';
import { systemOf } from '../setup/system.ts';
import { stripUnsafe } from '../text.ts';
import { oldestNode } from '../version.ts';
import { exit, printJson, printText, type Io } from './io.ts';
import { versionLines } from './version-command.ts';
import { widthOf, wrap } from './width.ts';

/** The flags of `doctor`. */
export interface DoctorFlags {
  json?: boolean;
  settings: Record<string, unknown>;
}

const isOlder = (version: string, than: string): boolean => {
  const [one, other] = [version, than].map((text) => text.split('.').map(Number));
  const at = one!.findIndex((number, index) => number !== (other![index] ?? 0));
  return at >= 0 && one![at]! < (other![at] ?? 0);
};

/** Whether this Node is new enough. */
export const checkNode = (version: string, oldest: string): CheckResult =>
  isOlder(version, oldest)
    ? wrong(
        'node',
        `Node ${version} is older than ${oldest}`,
        `Install Node ${oldest} or newer, and check that your hosts start it.`,
      )
    : fine('node', `Node ${version}`);

/** Months after which a catalog is likely to lack a release. */
const maxMonths = 12;

/** Whether the catalog is of a time that still tells of new releases. */
export const checkCatalog = (line: string, now: number): CheckResult => {
  const date = /\d{4}-\d\d-\d\d/.exec(line)?.[0] ?? '';
  const months = (now - Date.parse(date)) / (30 * 86_400_000);
  return months > maxMonths
    ? warning('catalog', line, 'Update the program: newer commands count as the highest risk.')
    : fine('catalog', line);
};

/** Where in a file what an error tells of stands, counted from 1; the file alone where that is not in it. */
const placeOf = async (path: string, { keys = [], position }: CallError): Promise<string> => {
  const at = position ?? (existsSync(path) ? await findKey(readFileSync(path, 'utf8'), keys) : undefined);
  return at ? `${path}, line ${at.line}, column ${at.column}` : path;
};

const checkConfiguration = async (
  settings: Record<string, unknown>,
  io: Io,
): Promise<{ config?: Config; findings: CheckResult[] }> => {
  const path = configPathOf(settings, io.env);
  try {
    const config = await loadConfig(settings, io.env);
    if (!config.profiles[config.profile]) throw missingProfile(config, config.profile);
    const source = path ?? (config.simulator ? 'the simulator' : 'variables and flags');
    return {
      config,
      findings: [
        fine('configuration', `${source}, profile ${config.profile}`),
        ...config.warnings.map((text) => {
          // A warning says first what is so, then what to do.
          const [, found = text, mend = seePage('configuration')] = /^(.*?[^:]): ([a-z].*)$/.exec(text) ?? [];
          return warning('configuration', found, mend);
        }),
      ],
    };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (path === undefined)
      return { findings: [wrong('configuration', error.message, renderHint(error.hint, 'person'))] };
    const message = error.message.replace(`${path}: `, '');
    const found = `${await placeOf(path, error)}: ${message}`;
    return { findings: [wrong('configuration', found, renderHint(error.hint, 'person'))] };
  }
};

/** Whether files can be made in a folder, which is made where it is not there. */
const checkFolder = (check: string, folder: string): CheckResult => {
  const probe = join(folder, `.doctor-${process.pid}`);
  try {
    makeFolder(folder);
    writeFileSync(probe, '', { flag: 'wx' });
    rmSync(probe);
    return fine(check, `${folder} can be written`);
  } catch (error) {
    return wrong(
      check,
      `${folder} cannot be written: ${(error as Error).message}`,
      'Make it writable for you, or give another place with --state or --audit.',
    );
  }
};

const checkAudit = ({ audit }: Config): CheckResult => {
  const file = audit.split(',').find((target) => !/^(?:stderr|otlp|syslog\b)/.test(target));
  if (file === undefined) return fine('audit', `goes to ${audit}`);
  if (!existsSync(file)) return checkFolder('audit', dirname(file));
  try {
    accessSync(file, constants.W_OK);
    return fine('audit', `${file} can be written`);
  } catch {
    return wrong(
      'audit',
      `${file} cannot be written`,
      'Without an audit log every change is refused: make it writable for you, or give another with --audit.',
    );
  }
};

const checkStore = async (config: Config, io: Io): Promise<CheckResult> => {
  if (!config.redisUrl) return skipped('store', 'none is configured; one server needs none');
  const app = createApp(config, { stderr: io.stderr, report: () => undefined });
  const where = new URL(config.redisUrl).host;
  try {
    const { store } = await app.health();
    return store?.status === 'ok'
      ? fine('store', `${where} answers`)
      : wrong('store', `${where} does not answer`, 'Start it, or correct CLOUDSTACK_MCP_REDIS_URL.');
  } finally {
    await app.close();
  }
};

const marks = { fine: '✓', warning: '!', wrong: '✗', skipped: '-' } as const;
const colours = { fine: 32, warning: 33, wrong: 31, skipped: 90 } as const;

const toLines = (findings: readonly CheckResult[], { stdout, env }: Io): string[] => {
  const width = Math.max(...findings.map(({ check }) => widthOf(check)));
  const isColoured = stdout.isTTY === true && !env['NO_COLOR'];
  const columns = stdout.isTTY ? (stdout.columns ?? 80) : 80;
  return findings.flatMap(({ check, status, found, mend }) => {
    const text = wrap(
      stripUnsafe(`${found}${mend === undefined ? '' : `\n→ ${mend}`}`),
      Math.max(20, columns - width - 5),
    );
    const [first = '', ...others] = text.split('\n');
    const mark = isColoured ? `\u001b[${colours[status]}m${marks[status]}\u001b[0m` : marks[status];
    return [`${mark} ${check.padEnd(width)}  ${first}`, ...others.map((line) => `${' '.repeat(width + 4)}${line}`)];
  });
};

/** `doctor`: what is wrong here, and how to mend each thing. */
export const runDoctor = async ({ json, settings }: DoctorFlags, io: Io): Promise<number> => {
  const [, catalog = ''] = versionLines();
  const { config, findings } = await checkConfiguration(settings, io);
  const hosts = checkHosts(systemOf(io.env));
  const ofConfig = config
    ? [
        checkAudit(config),
        checkFolder('state', config.state),
        await checkStore(config, io),
        ...(await checkCloud(config, io)),
      ]
    : [skipped('cloud', 'no configuration, so there is no cloud to ask')];
  const all = [
    checkNode(process.versions.node, oldestNode),
    checkCatalog(catalog, Date.now()),
    ...findings,
    ...ofConfig,
    ...(await hosts),
  ];
  const count = (status: CheckResult['status']): number => all.filter((finding) => finding.status === status).length;
  if (json) await printJson(io.stdout, { findings: all, wrong: count('wrong'), warnings: count('warning') }, 2);
  else {
    for (const line of toLines(all, io)) io.stdout.write(`${line}\n`);
    // What would fail is not offered.
    const next = count('wrong')
      ? `Fix what is marked ${marks.wrong}, then run ${programName} doctor again.`
      : `Next, try: ${programName} call list-zones`;
    await printText(io.stdout, `\n${count('wrong')} wrong, ${count('warning')} to look at. ${next}`);
  }
  return count('wrong') ? exit.failed : exit.done;
};
