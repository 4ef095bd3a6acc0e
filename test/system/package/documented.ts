import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env as own } from 'node:process';
import { createSimulator } from '../../../src/simulator/index.ts';
import { serveSimulator } from '../../../src/simulator/server.ts';
import { documentedPages, linesOf, ownWordsOf, problemOf, type DocumentedLine } from '../../support/documented.ts';
import { idleScript, places, rules, tokenOfReader, type Rule } from './documented-rules.ts';

/** What became of a documented command line. */
export interface Tried {
  line: DocumentedLine;
  how: 'run' | 'parsed';
  /** Why it was not run. */
  reason?: string | undefined;
  problem?: string | undefined;
}

/** What has not ended by then waits for someone. */
const maxMs = 45_000;

const ruleOf = (text: string): Rule =>
  rules.find(({ line }) => line.test(` ${text}`) || line.test(text)) ?? { line: /^/ };

const fill = (text: string, given: Readonly<Record<string, string>> = {}): string =>
  Object.entries({ ...given, ...places }).reduce(
    (filled, [place, words]) => filled.replaceAll(place, () => words),
    text,
  );

/** A sentence leaves out the program's name. */
const toCommandLine = ({ text, isInline }: DocumentedLine): string =>
  isInline && !ownWordsOf(text) && !text.startsWith('--') ? `cloudstack-mcp-server ${text}` : text;

interface Ended {
  status: number | null;
  output: string;
  hasBegun: boolean;
}

/** Commands of ours that npx has started. */
const startedByNpx = new Set<string>();
/** npx takes longer to find the program than that runs: it starts the first line of each command, and is left out of the others. */
const withoutNpx = (text: string): string =>
  text.replace(/\bnpx (?=cloudstack-mcp-server (\S+))/, (npx, command: string) => {
    if (startedByNpx.has(command)) return '';
    startedByNpx.add(command);
    return npx;
  });

/** Runs a shell's commands as a reader does; at a terminal where something is typed, until it has begun where it goes on. */
const runShell = (script: string, { types, until, input }: Rule, cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> =>
  new Promise((resolve) => {
    const file = join(cwd, 'line.sh');
    writeFileSync(file, script);
    const [program, args]: [string, string[]] = types
      ? ['script', ['-qefc', `stty cols 200; exec bash ${file}`, '/dev/null']]
      : ['bash', [file]];
    const child = spawn(program, args, { cwd, env, detached: true });
    let output = '';
    let hasBegun = false;
    const waiting = new Set(types);
    const read = (text: string): void => {
      output += text;
      for (const typing of waiting)
        if (output.includes(typing[0]) && waiting.delete(typing)) child.stdin.write(typing[1]);
      if (hasBegun || !until?.test(output)) return;
      hasBegun = true;
      if (types) child.stdin.write('\u0003');
      else process.kill(-child.pid!, 'SIGTERM');
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.stdin.on('error', () => undefined);
    if (input !== undefined) {
      child.stdin.write(input);
      // A host that has its answer goes away.
      child.stdout.on('data', () => void (/"id":2\b/.test(output) && child.stdin.end()));
    } else if (!types) child.stdin.end();
    const late = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), maxMs);
    child.once('close', (status) => {
      clearTimeout(late);
      resolve({ status, output, hasBegun });
    });
  });

const blockOf = (page: string, language: string): string => {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(readFileSync(page, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${page} has no block of ${language}`);
  return found;
};

/** A home and a folder with what documents tell their reader to have: files of the same names. */
const prepare = (folder: string, secretKey: string): void => {
  const home = join(folder, 'home');
  mkdirSync(join(home, '.cmk'), { recursive: true });
  mkdirSync(join(folder, 'scripts'));
  const { calls } = JSON.parse(blockOf('docs/plans.md', 'json')) as { calls: unknown };
  const files: Record<string, string> = {
    secret: secretKey,
    'token.txt': tokenOfReader,
    'team.yaml': `auth: { tokens: { robot: "${'0'.repeat(64)}" } }\nprincipals: { robot: { role: viewer } }\n`,
    'build.yaml': JSON.stringify(calls),
    'build.js': "await cloudstack.createAffinityGroup({ name: 'built', type: 'host anti-affinity' });",
    'scripts/stop-idle.js': idleScript,
    'scripts/count-machines.js': `${blockOf('docs/plans.md', 'js')}\nreturn (await cloudstack.listVirtualMachines({ zoneid: inputs.zone })).count;`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
};

const problemIn = (
  text: string,
  { status, output, hasBegun }: Ended,
  { until, prints, status: wanted = 0 }: Rule,
): string | undefined => {
  const shown = `: ${output.trim().slice(-600)}`;
  if (until && !hasBegun) return `it did not show ${until}${shown}`;
  // npx ends as the signal that it got; what it runs ends with 0.
  const isStoppedNpx = until && status === 143 && /^npx /.test(text);
  if (status !== wanted && !isStoppedNpx) return `it ended with ${status}, not ${wanted}${shown}`;
  if (prints && !prints.test(output)) return `it did not print ${prints}${shown}`;
  return undefined;
};

/** Tries every command line of a page, in the order of the page, in a folder in which the package is installed above. */
export const tryPage = async (page: string, installed: string): Promise<Tried[]> => {
  const lines = linesOf(page);
  const tried: Tried[] = [];
  const isRun = lines.some(({ text }) => ruleOf(text).reason === undefined);
  const folder = join(installed, 'pages', page.replaceAll('/', '-'));
  mkdirSync(folder, { recursive: true });
  const simulator = createSimulator({ jobMillis: 0 });
  const cloud = isRun ? await serveSimulator(simulator, { port: 0 }) : undefined;
  const { apiKey, secretKey } = simulator.credentials;
  prepare(folder, secretKey);
  const home = join(folder, 'home');
  if (cloud)
    writeFileSync(
      join(home, '.cmk/config'),
      `prompt = 🐱\nprofile = lab\n[lab]\nurl = ${cloud.url}\napikey = ${apiKey}\nsecretkey = ${secretKey}\n`,
      { mode: 0o600 },
    );
  const env = {
    PATH: `${join(installed, 'node_modules/.bin')}:${own['PATH']}`,
    HOME: home,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    // npx asks no registry for what is installed.
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    URL: cloud?.url ?? '',
    KEY: apiKey,
    SECRET: secretKey,
    CLOUDSTACK_API_URL: cloud?.url ?? '',
    CLOUDSTACK_API_KEY: apiKey,
    CLOUDSTACK_SECRET_KEY: secretKey,
    CLOUDSTACK_MCP_STATE: join(folder, 'state'),
    CLOUDSTACK_MCP_SCRIPT_FOLDER: join(folder, 'scripts'),
    CLOUDSTACK_MCP_PORT: '0',
  };
  /** Lines that change the reader's shell hold for what follows. */
  const shell: string[] = [];
  try {
    // What blocks make, sentences speak of.
    for (const line of [...lines.filter(({ isInline }) => !isInline), ...lines.filter(({ isInline }) => isInline)]) {
      const whole = toCommandLine(line);
      const rule = ruleOf(whole);
      const words = ownWordsOf(whole);
      const wrong = words && problemOf(words);
      if (rule.reason !== undefined || wrong !== undefined) {
        tried.push({ line, how: 'parsed', reason: rule.reason, problem: wrong });
        continue;
      }
      const text = fill(whole, rule.places);
      if (/^export /.test(whole)) shell.push(text);
      // The shell outlives the signal that stops what it runs, and says how that ended.
      const script = [...shell, rule.before ?? ':', 'trap : TERM', withoutNpx(text)].join('\n');
      tried.push({ line, how: 'run', problem: problemIn(whole, await runShell(script, rule, folder, env), rule) });
    }
  } finally {
    await cloud?.close();
  }
  return tried;
};

/** Installs a tarball as a reader does, without a network and with an empty cache; gives the folder, which is in `folder`. */
const install = (tarball: string, folder: string): string => {
  const installed = join(folder, 'reader');
  mkdirSync(installed);
  const { status, stderr } = spawnSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], {
    cwd: installed,
    encoding: 'utf8',
    env: { PATH: own['PATH'], HOME: installed, npm_config_cache: join(installed, 'cache') },
  });
  if (status !== 0) throw new Error(stderr);
  return installed;
};

/** Pages at the same time; the lines of one come after each other. */
const atOnce = 4;

/** Tries every command line of every document, or of those whose path contains `wanted`, with the package of a tarball. */
export const tryDocuments = async (tarball: string, folder: string, wanted = ''): Promise<Tried[]> => {
  const installed = install(tarball, folder);
  const waiting = documentedPages().filter((page) => page.includes(wanted));
  const tried: Tried[] = [];
  const worker = async (): Promise<void> => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift())
      tried.push(...(await tryPage(page, installed)));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return tried.sort((one, other) => one.line.page.localeCompare(other.line.page) || one.line.line - other.line.line);
};
