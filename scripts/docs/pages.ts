import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import { loadData } from '../../src/data.ts';
import { loadTasks } from '../../src/eval/tasks.ts';
import { hostFiles, type HostFacts } from './hosts.ts';
import { published } from './manifests.ts';

const note = '<!-- npm run docs writes this page -->';

const filled = (template: unknown): unknown => {
  if (template === '{command}') return published.command;
  if (template === '{args}') return published.args;
  if (template === '{name}') return 'cloudstack';
  if (typeof template !== 'object' || template === null || Array.isArray(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value)]));
};

const written: Readonly<Record<HostFacts['format'], (value: object) => string>> = {
  json: (value) => JSON.stringify(value, null, 2),
  toml: toToml,
  yaml: toYaml,
};

const hostPage = (id: string, host: HostFacts): string => {
  const entry = filled(host.entry);
  const whole = host.under.reduceRight<unknown>(
    (below, key) => ({ [key]: below }),
    host.isList ? [entry] : { cloudstack: entry },
  ) as object;
  return `${note}

# ${host.title}

This page says how to add this server to ${host.title}.

\`\`\`sh
npx cloudstack-mcp-server init --hosts ${id}            # asks which cloud and which role
npx cloudstack-mcp-server init --hosts ${id} --print    # shows what it would write
\`\`\`

This is added to ${hostFiles(host)}; the rest of the file stays:

\`\`\`${host.format}
${written[host.format](whole).trim()}
\`\`\`

${host.next}

Credential, role and undo: [Set up your hosts](../cli.md#set-up-your-hosts).

[${host.title}'s documentation](${host.source}) describes its file.
`;
};

const kinds: Readonly<Record<string, string>> = {
  look: 'Look',
  change: 'Change',
  diagnose: 'Find out why',
  refuse: 'Tasks that need care',
  'be-refused': 'Refused tasks',
  budget: 'Large clouds, few tokens',
};

const cookbook = (): string => {
  const tasks = loadTasks();
  const parts = Object.entries(kinds).map(([kind, heading]) => {
    const own = tasks.filter((task) => task.kind === kind);
    const recipes = own.map(
      ({ ask, solution }) =>
        `### ${ask}\n\n\`\`\`text\n${solution.calls.map(([tool, args]) => `${tool} ${JSON.stringify(args)}`).join('\n')}\n\`\`\``,
    );
    return `## ${heading}\n\n${recipes.join('\n\n')}`;
  });
  return `${note}

# Cookbook

This page shows operators' tasks and the calls that do them: what a person asks, and the tools with their arguments.

Names work where CloudStack takes ids. Commands that destroy ask first. Each task is a test: its calls run on the simulator, and the test checks the
state of the cloud afterwards ([eval.md](eval.md)). \`cloudstack-mcp-server eval NAME --reference\` runs one here.

${parts.join('\n\n')}
`;
};

const summaryOf = (path: string): string => {
  const text = readFileSync(path, 'utf8').replace(/<!--.*?-->\n*/g, '');
  const [, heading = path] = /^# (.+)$/m.exec(text) ?? [];
  const [, paragraph = ''] = /^# .+\n+(\w[\s\S]*?)\n\n/m.exec(text) ?? [];
  const [first = ''] = /^.*?[.:](?=\s|$)/.exec(paragraph.replaceAll('\n', ' ')) ?? [];
  return `- [${heading}](${path})${first ? `: ${first.replace(/:$/, '.')}` : ''}`;
};

/** https://llmstxt.org: what a model finds where. */
const llmsText = (pages: readonly string[]): string => `# cloudstack-mcp-server

> An MCP server and a command line for any Apache CloudStack cloud, with a simulated CloudStack built in. Every command; few tokens; a
> confirmation before anything is destroyed; an audit entry for each call.

## Documents

${pages.map(summaryOf).join('\n')}
`;

/** Every page of the documents, sorted: those for people who use the program. */
export const pagePaths = (): string[] => [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name).replaceAll('\\', '/'))
    .sort(),
];

const write = (path: string, text: string, check: boolean): string[] => {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return [];
  if (check) return [`${path} is stale: npm run docs writes it anew`];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return [];
};

/**
 * Writes the pages that are data altogether: one for each host, the cookbook, llms.txt; with `check` it only names what is
 * stale.
 */
export const writePages = (check: boolean): string[] => {
  const hosts = loadData<Record<string, HostFacts>>('hosts.json');
  const left = (existsSync('docs/hosts') ? readdirSync('docs/hosts') : [])
    .filter((name) => !Object.hasOwn(hosts, name.replace(/\.md$/, '')))
    .map((name) => join('docs/hosts', name));
  if (!check) for (const path of left) rmSync(path);
  const pages = Object.entries(hosts).flatMap(([id, host]) => write(`docs/hosts/${id}.md`, hostPage(id, host), check));
  pages.push(...write('docs/cookbook.md', cookbook(), check));
  return [
    ...pages,
    ...write('llms.txt', llmsText(pagePaths()), check),
    ...(check ? left.map((path) => `${path} is of no host`) : []),
  ];
};
