import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { commands } from '../../src/cli/commands.ts';
import { exit } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';
import { toTable } from './markdown.ts';

// The help is as wide as the terminal; in a document it is as wide as in a pipe.
Object.defineProperty(process.stdout, 'isTTY', { value: false });

const helpOf = async (...words: string[]): Promise<string> => {
  const stdout = new PassThrough();
  const io = { stdin: new PassThrough(), stdout, stderr: stdout, env: {}, signal: new AbortController().signal };
  const status = await runCli([...words, '--help'], io);
  stdout.end();
  const help = await text(stdout);
  if (status !== exit.done) throw new Error(`no help for "${words.join(' ')}": ${help}`);
  // Every setting has its one line in configuration.md.
  return help.replace(/^Settings:\n(?: .*\n)+/m, 'Settings: see configuration.md.\n').trim();
};

const subcommandsOf = (help: string): string[] =>
  [...(/^Commands:\n([\s\S]*)/m.exec(help)?.[1] ?? '').matchAll(/^ {2}(\w+)/gm)]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help');

const section = (words: readonly string[], help: string): string =>
  `${'#'.repeat(words.length + 2)} cloudstack-mcp-server ${words.join(' ')}\n\n\`\`\`text\n${help}\n\`\`\``.replace(
    ' \n',
    '\n',
  );

/** The help of every command as the program prints it. */
export const writeHelp = async (): Promise<string> => {
  const sections = [section([], await helpOf())];
  for (const name of Object.keys(commands)) {
    const help = await helpOf(name);
    sections.push(section([name], help));
    for (const sub of subcommandsOf(help)) sections.push(section([name, sub], await helpOf(name, sub)));
  }
  return sections.join('\n\n');
};

const meanings: Record<keyof typeof exit, string> = {
  done: 'done',
  failed: 'the call failed',
  usage: 'invalid usage, input or configuration',
  refused: 'refused by the policy, or not confirmed; the command was not sent',
};

/** The exit statuses and their meanings. */
export const exitTable = (): string =>
  toTable(
    ['status', 'meaning'],
    Object.entries(exit).map(([name, status]) => [String(status), meanings[name as keyof typeof exit]]),
  );
