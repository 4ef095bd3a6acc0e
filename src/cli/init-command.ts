import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ownConfigPath } from '../config/places.ts';
import { toEndpoint } from '../config/endpoint.ts';
import { readText } from '../config/read-text.ts';
import { CallError, explainError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { connect, type Connected } from '../setup/connect.ts';
import { findClouds, sources, type FoundCloud, type Source } from '../setup/credential-sources.ts';
import { addToHost, removeFromHost, type HostChange } from '../setup/host-file.ts';
import { findHosts, listHosts, type Host, type HostLaunch } from '../setup/hosts.ts';
import { launchOf } from '../setup/launch.ts';
import {
  toOwnFiles,
  withoutOwnFiles,
  writeOwnFile,
  type NewProfile,
  type OwnFile,
  type SetupRole,
} from '../setup/own-files.ts';
import { systemOf, type System } from '../setup/system.ts';
import type { SetupQuestions } from './init-questions.ts';
import { exit, printLine, printText, type Io } from './io.ts';

/** The flags of `init`. */
export interface InitFlags {
  from?: Source | 'simulator';
  url?: string;
  username?: string;
  passwordFile?: string;
  domain?: string;
  /** A user's key pair takes the place of the password. */
  keys?: boolean;
  ca?: string;
  role?: SetupRole;
  hosts?: string;
  name: string;
  config?: string;
  test: boolean;
  print?: boolean;
  remove?: boolean;
  yes?: boolean;
}

const usage = (message: string, hint: string): CallError => new CallError('configuration', message, hint);

/** The cloud that the flags name. */
const cloudOf = async (flags: InitFlags, system: System): Promise<FoundCloud | 'simulator'> => {
  const { from, url, username, passwordFile, domain } = flags;
  if (from === 'simulator') return 'simulator';
  if (from !== undefined) {
    const [found] = await findClouds(from, system);
    if (found) return { ...found, ...(url === undefined ? {} : { url }) };
    throw usage(`No cloud was found in ${from}.`, `Use --from with ${sources.join(', ')} or simulator, or give --url.`);
  }
  if (url === undefined)
    throw usage(
      'Which cloud?',
      `Give --from ${sources.join(', ')} or simulator; or --url with --username and --password-file. At a terminal ${programName} init asks.`,
    );
  const [environment] = await findClouds('environment', { ...system, env: { ...system.env, CLOUDSTACK_API_URL: url } });
  const password =
    passwordFile === undefined ? environment?.password : readText(passwordFile, '--password-file').trim();
  if (username === undefined) return { ...environment, from: 'the flags', url };
  return { from: 'the flags', url, username, password, domain };
};

/** A profile out of what was found: its URL repaired, its credential whole. Throws a configuration error that says what is missing. */
export const toNewProfile = (
  found: FoundCloud,
  ca: string | undefined,
): { profile: NewProfile; repaired?: string | undefined } => {
  const { url: given, apiKey, secretKey, username, password, domain, from } = found;
  const endpoint = toEndpoint(given);
  if (!endpoint)
    throw usage(`"${given}" is not an http(s) URL.`, 'It looks like https://cloud.example.com/client/api.');
  const { url, repaired } = endpoint;
  const ofCa = ca === undefined ? {} : { caFile: resolve(ca) };
  if (apiKey && secretKey) return { profile: { url, credential: { apiKey, secretKey }, ...ofCa }, repaired };
  if (username && password) return { profile: { url, credential: { username, password, domain }, ...ofCa }, repaired };
  throw usage(
    `The credential in ${from} is incomplete.`,
    'It needs an API key with its secret key (CLOUDSTACK_API_KEY, CLOUDSTACK_SECRET_KEY_FILE), or --username with --password-file.',
  );
};

const test = async (
  found: FoundCloud,
  flags: InitFlags,
  io: Io,
  questions: SetupQuestions | undefined,
): Promise<Connected> => {
  const { profile, repaired } = toNewProfile(found, flags.ca);
  if (repaired !== undefined) await printText(io.stderr, `${repaired} was added to the URL: ${profile.url}`);
  const isLogin = 'username' in profile.credential;
  if (!flags.test || flags.print) return { profile, who: {} };
  const agreedAtTerminal = isLogin && !flags.keys && (await questions?.keys()) ? 'terminal' : undefined;
  const keys = isLogin && flags.keys ? 'init --keys' : agreedAtTerminal;
  const work = (): Promise<Connected> => connect(profile, { env: io.env, stderr: io.stderr, signal: io.signal, keys });
  return questions ? questions.during(`Asking ${new URL(profile.url).host}`, work) : work();
};

/** Asks until the cloud answers, or the person gives up; without a person, once. */
const findCloud = async (
  flags: InitFlags,
  system: System,
  io: Io,
  questions: SetupQuestions | undefined,
): Promise<Connected | undefined> => {
  const isNamed = flags.from !== undefined || flags.url !== undefined;
  for (;;) {
    const found = questions && !isNamed ? await questions.cloud(system) : await cloudOf(flags, system);
    if (found === 'simulator') return undefined;
    try {
      return await test(found, flags, io, questions);
    } catch (error) {
      if (!(error instanceof CallError) || !questions || isNamed) throw error;
      if (!(await questions.again(explainError(error, 'person')))) throw error;
    }
  }
};

const describeWho = ({ who, isNewPair }: Connected): string[] => {
  const { account, domain, cloud, release, role } = who;
  const line =
    account === undefined
      ? []
      : [
          `It works: ${String(account)} of ${String(domain)} (${String(role)}) on ${String(cloud)}, CloudStack ${String(release)}.`,
        ];
  if (isNewPair === undefined) return line;
  return [
    ...line,
    isNewPair
      ? 'The user had no key pair, so one was created. It replaces the password.'
      : "The user's key pair replaces the password.",
  ];
};

const show = ({ host, action }: HostChange): string => {
  const done = {
    written: `${host.title}: written, ${host.file}. ${host.next}`,
    unchanged: `${host.title}: already set up, ${host.file}`,
    removed: `${host.title}: removed, ${host.file}`,
    absent: `${host.title}: has no such server`,
  };
  return done[action];
};

/** Does the same with each host; what is wrong with one keeps none of the others back. */
const eachHost = async (
  hosts: readonly Host[],
  io: Io,
  work: (host: Host) => Promise<HostChange>,
  isShown: (change: HostChange) => boolean = () => true,
): Promise<number> => {
  let status: number = exit.done;
  for (const host of hosts)
    try {
      const change = await work(host);
      if (isShown(change)) await printText(io.stdout, show(change));
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      status = exit.failed;
      await printText(io.stderr, explainError(error, 'person'));
    }
  return status;
};

const maskSecret = ({ path, text, isSecret }: OwnFile): string =>
  `# ${path}\n${isSecret ? '(the secret; a file that only you can read)' : text.trimEnd()}\n`;

/** What would be written, without a secret and without what else stands in the hosts' files. */
const printPlan = async (
  files: readonly OwnFile[],
  hosts: readonly Host[],
  launch: HostLaunch,
  io: Io,
): Promise<void> => {
  for (const file of files) await printLine(io.stdout, maskSecret(file));
  for (const host of hosts) {
    const text = (await host.format()).set('', host.placeOf(launch.name), host.entryOf(launch));
    await printLine(io.stdout, `# ${host.title}: ${host.file}\n${text.trimEnd()}\n`);
  }
};

const configOf = ({ config, name }: InitFlags, { env }: System): string => {
  if (config !== undefined) return resolve(config);
  const own = ownConfigPath(env);
  return name === 'cloudstack' ? own : join(dirname(own), `${name}.yaml`);
};

const launchFor = (flags: InitFlags, system: System, config: string | undefined): HostLaunch => {
  const { command, args } = launchOf({ node: process.execPath, script: process.argv[1] ?? '' }, system);
  const ofCloud = config === undefined ? ['--simulator'] : ['--config', config];
  return { name: flags.name, command, args: [...args, 'serve', ...ofCloud] };
};

const removeSetup = async (flags: InitFlags, system: System, io: Io): Promise<number> => {
  const hosts = flags.hosts === undefined ? listHosts(system) : findHosts(namesIn(flags.hosts), system);
  const status = await eachHost(
    hosts,
    io,
    (host) => removeFromHost(host, flags.name, { print: flags.print === true }),
    // Of all that are known, those that named it.
    ({ action }) => flags.hosts !== undefined || action === 'removed',
  );
  // Other hosts may still read it.
  if (flags.hosts !== undefined || status !== exit.done) return status;
  for (const { path, text } of await withoutOwnFiles(configOf(flags, system))) {
    if (!flags.print && text === undefined) rmSync(path, { force: true });
    else if (!flags.print && text !== undefined) writeOwnFile({ path, text });
    await printText(io.stdout, `${path}: ${text === undefined ? 'deleted' : 'the profile was taken out'}`);
  }
  return status;
};

const namesIn = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

const chooseHosts = async (
  flags: InitFlags,
  system: System,
  questions: SetupQuestions | undefined,
): Promise<Host[]> => {
  if (flags.hosts !== undefined) return findHosts(namesIn(flags.hosts), system);
  if (questions) return questions.hosts(listHosts(system));
  throw usage(
    'Which hosts?',
    `Give --hosts with ${listHosts(system)
      .map(({ id }) => id)
      .join(', ')}, with installed (those found here), or with none.`,
  );
};

const isSame = ({ path, text }: OwnFile): boolean => existsSync(path) && readFileSync(path, 'utf8') === text;

/** `init`: finds a cloud, tests it, and sets up the hosts of this user; `--remove` takes it all back. */
export const runInit = async (flags: InitFlags, io: Io): Promise<number> => {
  const system = systemOf(io.env);
  if (flags.remove) return removeSetup(flags, system, io);
  const isAsked = io.stdin.isTTY === true && !flags.yes;
  const questions = isAsked ? (await import('./init-questions.ts')).createQuestions(io) : undefined;
  const connected = await findCloud(flags, system, io, questions);
  for (const line of connected ? describeWho(connected) : []) await printText(io.stdout, line);
  const role = flags.role ?? (connected ? await questions?.role() : undefined) ?? 'reader';
  const hosts = await chooseHosts(flags, system, questions);
  const config = configOf(flags, system);
  const files = connected ? await toOwnFiles(config, connected.profile, role) : [];
  const launch = launchFor(flags, system, connected && config);
  if (flags.print) {
    await printPlan(files, hosts, launch, io);
    return exit.done;
  }
  const plan = [...files.map(({ path }) => path), ...hosts.map(({ file }) => file)];
  if (questions && !(await questions.confirmFiles(plan)))
    throw new CallError('cancelled', 'Nothing was written.', `Run ${programName} init again at any time.`);
  for (const file of files) {
    if (!isSame(file)) writeOwnFile(file);
    await printText(
      io.stdout,
      `${file.path}: ${file.isSecret ? 'the secret' : `the profile, role ${role}`}; readable by you only`,
    );
  }
  const status = await eachHost(hosts, io, (host) => addToHost(host, launch));
  if (status === exit.done)
    await printText(
      io.stdout,
      connected
        ? `Done. ${programName} doctor checks the setup; ${programName} init --remove undoes it.`
        : `Done. The hosts use the simulator; at a terminal: ${programName} call list-zones --simulator`,
    );
  return status;
};
