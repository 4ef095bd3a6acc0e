/**
 * The clients that npm run interop drives: where each comes from, and what to say when it cannot be had. Everything is
 * put under node_modules/.cache/interop; delete that folder to install anew.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { goEnvironment } from '../programs.ts';

/** How to start a client, or one sentence on why it is not here. */
export type Client = { command: string[] } | { missing: string };

/** Where the clients live, and the homes they are given. */
export const cache = resolve('node_modules/.cache/interop');

const csVersion = '5.2.0';
const libcloudVersion = '3.9.1';
const ansibleVersion = '12.3.0';
/** What that package asks for: ansible-core ~= 2.19.5. */
const ansibleCoreVersion = '2.19.5';
const sshpubkeysVersion = '3.3.1';
const cloudmonkeyVersion = '5.3.3.1';
const goModule = 'github.com/apache/cloudstack-go/v2';
const goModuleVersion = 'v2.19.0';
// CloudMonkey's tags are no Go versions, so the proxy knows its releases only by commit: the newest it has.
const cmkModule = 'github.com/apache/cloudstack-cloudmonkey@latest';

// A client that is not there is told within a minute or so, not after pip's many tries.
const pipFlags = ['--disable-pip-version-check', '--quiet', '--retries', '1', '--timeout', '20'];

interface Ran {
  ok: boolean;
  output: string;
}

const run = (program: string, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) =>
    execFile(program, args, { timeout: 600_000, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}` }),
    ),
  );

/** Why an install failed, in words; what the installer said goes into a log. */
const whyNot = (name: string, { output }: Ran): string => {
  mkdirSync(cache, { recursive: true });
  const log = join(cache, `${name}.log`);
  writeFileSync(log, output.replace(/https?:\/\/[^\s"]+/g, 'URL'));
  const unreachable = /connection (broken|refused)|dial tcp|timed? ?out|name resolution|no such host/i.test(output);
  const refused = !unreachable && /\b(403|404|410)\b|No matching distribution/.test(output);
  const why = refused ? 'its registry does not hand it out here' : 'there may be no network';
  return `${name} could not be installed: ${why}. What the installer said is in ${relative('.', log)}.`;
};

/** How pip is started for an environment: the one that is here where it works for others (22.3 and newer), else its own. */
const pipOf = async (python: string): Promise<[string, ...string[]]> => {
  const lent: [string, ...string[]] = ['python3', '-m', 'pip', '--python', python];
  return (await run(...lent, '--version')).ok ? lent : [python, '-m', 'pip'];
};

/** Makes an environment; without a pip of its own, which takes seconds, where one can be lent. */
const makeEnvironment = async (folder: string, python: string): Promise<boolean> =>
  (await run('python3', '-m', 'venv', '--clear', '--without-pip', folder)).ok &&
  ((await run(...(await pipOf(python)), '--version')).ok || (await run(python, '-m', 'ensurepip')).ok);

/**
 * Starts a Python that keeps what it has compiled, also where the environment says that it must not, as images of containers
 * do: a client that is started eighty times would be compiled eighty times.
 */
const compiledOnce = ['env', 'PYTHONDONTWRITEBYTECODE='];

/** Packages of PyPI in a virtual environment of their own, each at its version. The command starts that environment's Python. */
const installPython = async (name: string, ...packages: string[]): Promise<Client> => {
  if (!(await run('python3', '--version')).ok)
    return { missing: `There is no python3: ${name} needs Python 3.10 or newer.` };
  if (!(await run('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 10))')).ok)
    return { missing: `python3 is older than 3.10: ${name} needs Python 3.10 or newer.` };
  const folder = join(cache, name);
  const python = join(folder, 'bin', 'python');
  const command = [...compiledOnce, python];
  const versions = packages.map((each) => each.replace(/\[.*?\]/, '').split('=='));
  const here = `import importlib.metadata as m; assert all(m.version(n) == v for n, v in ${JSON.stringify(versions)})`;
  if (existsSync(python) && (await run(python, '-c', here)).ok) return { command };
  if (!(await makeEnvironment(folder, python)))
    return {
      missing: `python3 cannot make a virtual environment (on Debian, install python3-venv): ${name} needs one.`,
    };
  const pip = await pipOf(python);
  const installed = await run(...pip, 'install', ...pipFlags, '--no-compile', ...packages);
  return installed.ok ? { command } : { missing: whyNot(name, installed) };
};

/** `cs`, with its asynchronous half. */
export const installCs = (): Promise<Client> => installPython('cs', `cs[async]==${csVersion}`);

/** Apache Libcloud, whose driver of CloudStack is one of many. */
export const installLibcloud = (): Promise<Client> => installPython('libcloud', `apache-libcloud==${libcloudVersion}`);

/** The collection with CloudStack's modules, and the one that has the day tell its results as JSON. */
const collections = ['ngine_io/cloudstack', 'ansible/posix'];

/** Puts collections where the Python of an environment finds it. */
const unpack = `import glob, sys, sysconfig, zipfile
(wheel,) = glob.glob(sys.argv[1] + "/ansible-*.whl")
with zipfile.ZipFile(wheel) as packed:
    wanted = [name for name in packed.namelist() if name.startswith(tuple(sys.argv[2:]))]
    assert wanted
    packed.extractall(sysconfig.get_paths()["purelib"], wanted)`;

/**
 * Ansible's core, what the modules of the collection ngine_io.cloudstack import, and two collections: alone out of the package
 * ansible, whose 21,000 files take longer to install than the day takes.
 */
export const installAnsible = async (): Promise<Client> => {
  const needed = [`ansible-core==${ansibleCoreVersion}`, `cs==${csVersion}`, `sshpubkeys==${sshpubkeysVersion}`];
  const client = await installPython('ansible', ...needed);
  if ('missing' in client) return client;
  const python = client.command.at(-1) ?? '';
  const modules = collections.map((name) => `ansible_collections.${name.replace('/', '.')}`);
  if ((await run(python, '-c', `import ${modules.join(', ')}`)).ok) return client;
  const wheels = join(cache, 'ansible', 'wheels');
  const flags = [...pipFlags, '--no-deps', '--dest', wheels];
  const downloaded = await run(...(await pipOf(python)), 'download', ...flags, `ansible==${ansibleVersion}`);
  if (!downloaded.ok) return { missing: whyNot('ansible', downloaded) };
  const folders = collections.map((name) => `ansible_collections/${name}/`);
  const unpacked = await run(python, '-c', unpack, wheels, ...folders);
  return unpacked.ok ? client : { missing: whyNot('ansible', unpacked) };
};

/** `cmk`, CloudMonkey 6, built from its Go module; failing that, the one on the PATH. */
export const installCmk = async (): Promise<Client> => {
  const folder = join(cache, 'cmk');
  const program = join(folder, 'cloudstack-cloudmonkey');
  if (existsSync(program)) return { command: [program] };
  if ((await run('cmk', '-v')).ok) return { command: ['cmk'] };
  if (!(await run('go', 'version')).ok) return { missing: 'There is no Go: cmk is built with it.' };
  const installed = await run('env', `GOBIN=${folder}`, ...goEnvironment, 'go', 'install', cmkModule);
  return installed.ok ? { command: [program] } : { missing: whyNot('cmk', installed) };
};

/** A program that uses Apache's Go SDK, built from `go_day/main.go` and the SDK's module. */
export const installGo = async (): Promise<Client> => {
  if (!(await run('go', 'version')).ok) return { missing: 'There is no Go: a program with its SDK is built with it.' };
  const folder = join(cache, 'go');
  const program = join(folder, 'day');
  mkdirSync(folder, { recursive: true });
  copyFileSync('test/system/interop/go_day/main.go', join(folder, 'main.go'));
  writeFileSync(join(folder, 'go.mod'), `module interop\n\ngo 1.23.0\n\nrequire ${goModule} ${goModuleVersion}\n`);
  const built = await run('env', ...goEnvironment, 'go', 'build', '-C', folder, '-o', program, '.');
  return built.ok ? { command: [program] } : { missing: whyNot('go', built) };
};

/** `cloudmonkey`, CloudMonkey 5: the older line of the same client, which still runs where Python 2.7 does. */
export const installCloudmonkey = async (): Promise<Client> => {
  // Its own path: a version switcher's shim no longer finds it once HOME is another. pyenv has it but hides it at first.
  const where = ['-c', 'import sys; print(sys.executable)'];
  const found = await Promise.all([run('python2.7', ...where), run('env', 'PYENV_VERSION=2.7', 'python2.7', ...where)]);
  const python = found.find(({ ok }) => ok)?.output.trim();
  if (python === undefined) return { missing: 'There is no python2.7: cloudmonkey 5 needs it.' };
  const folder = join(cache, 'cloudmonkey');
  const program = join(folder, 'bin', 'cloudmonkey');
  const command = [...compiledOnce, `PYTHONPATH=${folder}`, python, program];
  if (existsSync(program)) return { command };
  const wanted = `cloudmonkey==${cloudmonkeyVersion}`;
  const installed = await run(python, '-m', 'pip', 'install', ...pipFlags, '--target', folder, wanted);
  return installed.ok ? { command } : { missing: whyNot('cloudmonkey', installed) };
};
