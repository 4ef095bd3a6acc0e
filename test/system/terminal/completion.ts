import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { env as own } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A shell, how it is started without a person's own settings, and how it is told of the completion. */
interface Shell {
  name: string;
  start: string;
  load(script: string): string;
}

/** The shells in which a person presses Tab here. */
export const shells: readonly Shell[] = [
  { name: 'bash', start: 'bash --norc --noprofile -i', load: (script) => `source ${script}` },
  { name: 'zsh', start: 'zsh -f -i', load: (script) => `autoload -Uz compinit && compinit -u && source ${script}` },
  { name: 'fish', start: 'fish --no-config -i', load: (script) => `source ${script}` },
];

/** Names that tenants give, each with a beginning of its own; a shell would take most of them for something else. */
export const hostileNames: readonly string[] = [
  'n01 with two  blanks',
  "n02 it's",
  'n03 "quoted"',
  'n04:colon:colon',
  'n05 $HOME',
  'n06 `id`',
  'n07 $(id)',
  'n08;id',
  'n09&id|id',
  'n10*',
  'n11 back\\slash',
  'n12 (paren) [x]',
  'n13 {a,b}',
  'n14#hash # end',
  'n15=equals=',
  'n16 東京 サーバー',
  'n17 !!',
  'n18~root ~',
  'n19 <in >out',
  'n20, comma',
  'n21 100%',
  'n22?',
  'n23 ^caret',
  "n24 ''",
  'n25 -- --help',
];

/** How a person has begun the word when Tab is pressed. */
const beginnings = ['serviceofferingid=', '"serviceofferingid=', "'serviceofferingid=", 'serviceofferingid="'];

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** A program of our name that completes as ours does, and writes down what it is given else. */
const makeProgram = (folder: string): { path: string; given: string; asked: string } => {
  const [given, asked] = [join(folder, 'given'), join(folder, 'asked')];
  const path = join(folder, 'bin/cloudstack-mcp-server');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  // A script of sh: a Node for each Tab and each Enter would take longer than all else here.
  writeFileSync(
    path,
    `#!/bin/sh
if [ "$1" = completion ]; then
  ${[process.execPath, resolve('dist/main.js')].map(quote).join(' ')} "$@"
  echo asked >> ${quote(asked)}
else
  printf '%s\\0' "$@" >> ${quote(given)}
  printf '\\036' >> ${quote(given)}
fi
`,
  );
  chmodSync(path, 0o755);
  for (const file of [given, asked]) writeFileSync(file, '');
  return { path, given, asked };
};

/** Looks again until something is so; Tab with a cloud behind it takes tenths of a second. */
const until = async (isSo: () => boolean, problem: () => string): Promise<void> => {
  for (const end = Date.now() + 60_000; !isSo(); await sleep(10)) if (Date.now() > end) throw new Error(problem());
};

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
/** The words of each time that the program was run. */
const runsIn = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .split('\u001e')
    .slice(0, -1)
    .map((run) => run.split('\0').slice(0, -1));

/** A shell at a real terminal, in which lines are typed, Tab is pressed, and what a program is given is looked at. */
interface ShellSession {
  /** Types a line, presses Tab, waits for the answer, presses Enter; what the program was given. Undefined: it was not run. */
  complete(line: string): Promise<string[] | undefined>;
  close(): Promise<void>;
}

/** Starts a shell with the completion of our program. */
const openShell = async (
  shell: Shell,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<ShellSession> => {
  const { given, asked } = makeProgram(folder);
  const child: ChildProcess = spawn('script', ['-qefc', `stty cols 200 rows 50; exec ${shell.start}`, '/dev/null'], {
    cwd: folder,
    env: {
      ...env,
      HOME: folder,
      PATH: `${join(folder, 'bin')}:${own['PATH']}`,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      PS1: '$ ',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const type = (text: string): void => void child.stdin!.write(text);
  const script = join(folder, `completion.${shell.name}`);
  const ready = join(folder, 'ready');
  type(`cloudstack-mcp-server completion ${shell.name} > ${quote(script)}\r`);
  await until(
    () => linesOf(asked).length > 0,
    () => `${shell.name} has not started: ${screen}`,
  );
  type(`${shell.load(quote(script))}\r: > ${quote(ready)}\r`);
  await until(
    () => existsSync(ready),
    () => `${shell.name} has not read the script: ${screen}`,
  );
  return {
    complete: async (line) => {
      const [before, had] = [linesOf(asked).length, runsIn(given).length];
      screen = '';
      type(`${line}\t`);
      await until(
        () => linesOf(asked).length > before,
        () => `nothing was asked at Tab: ${screen}`,
      );
      // What is typed from now on waits until the shell has put in what it got.
      type('\r');
      const mark = join(folder, `mark${before}`);
      // A quote that is still open takes this line, too; Ctrl+C leaves it.
      type(`: > ${quote(mark)}\r`);
      let since = Date.now();
      await until(
        () => {
          if (runsIn(given).length > had || existsSync(mark)) return true;
          if (Date.now() - since > 2000) type(`\u0003: > ${quote(mark)}\r`);
          if (Date.now() - since > 2000) since = Date.now();
          return false;
        },
        () => `the line was not run: ${screen}`,
      );
      return runsIn(given)[had];
    },
    close: async () => {
      child.stdin!.end();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
};

/** Bash puts nothing into a quote in which a name cannot stand; fish leaves a quote open after marks that others may follow. */
const isLeftOpen = ({ name: shell }: Shell, begun: string, name: string): boolean =>
  shell === 'bash'
    ? (begun.startsWith("'") && name.includes("'")) || (begun.includes('"') && name.includes('!'))
    : shell === 'fish' && /['"]/.test(begun) && /[/=@:.,-]$/.test(name);

/** Begins every name in a shell, some of them within each kind of quotes; what the program was given must be the name. */
export const checkCompletion = async (
  shell: Shell,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<[what: string, holds: boolean, figures: string]> => {
  const open = (): Promise<ShellSession> => openShell(shell, mkdtempSync(join(folder, `${shell.name}-`)), env);
  const wrong: string[] = [];
  let tried = 0;
  let session = await open();
  for (const [at, begun] of beginnings.entries())
    for (const [index, name] of hostileNames.entries()) {
      if (at && index % 4 !== at) continue;
      tried++;
      const line = `cloudstack-mcp-server call deploy-virtual-machine ${begun}${name.slice(0, 3)}`;
      let given: string[] | undefined;
      let isRight = false;
      // A name that comes late is not proposed: a person presses Tab again.
      for (let round = 0; round < 4; round++) {
        given = await session.complete(line).catch((error: unknown) => [(error as Error).message]);
        isRight = given?.length === 3 && given[2] === `serviceofferingid=${name}`;
        if (isRight) break;
        // A quote may be open.
        await session.close();
        session = await open();
        if (isLeftOpen(shell, begun, name)) break;
      }
      if (!isRight && !isLeftOpen(shell, begun, name)) wrong.push(`${line} gave ${JSON.stringify(given)}`);
    }
  await session.close();
  return [
    `${shell.name}: Tab gives a name as it is, whatever it holds`,
    !wrong.length,
    wrong.join(' | ') || `${tried}`,
  ];
};
