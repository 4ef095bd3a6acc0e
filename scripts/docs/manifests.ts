import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What package.json says of the package; what a publisher fills in is the repository's URL in it, and nothing else. */
interface About {
  name: string;
  version: string;
  description: string;
  license: string;
  author: string;
  keywords: readonly string[];
  engines: { node: string };
  repository: { type: string; url: string };
}

/** What each host asks for, by the variable that the server reads. */
const questions = [
  {
    variable: 'CLOUDSTACK_API_URL',
    key: 'api_url',
    title: 'URL of the API',
    description: 'https://cloud.example.com/client/api',
    isSecret: false,
  },
  {
    variable: 'CLOUDSTACK_API_KEY',
    key: 'api_key',
    title: 'API key',
    description: "The user's API key; CloudStack's interface shows it under Accounts, Users, Keys.",
    isSecret: true,
  },
  {
    variable: 'CLOUDSTACK_SECRET_KEY',
    key: 'secret_key',
    title: 'Secret key',
    description: 'The secret key that belongs to the API key.',
    isSecret: true,
  },
] as const;

const onlyReads = {
  variable: 'CLOUDSTACK_MCP_READ_ONLY',
  key: 'read_only',
  title: 'Only reads',
  description: 'Refuse everything that changes the cloud.',
} as const;

const title = 'Apache CloudStack';
/** The registry and the hosts show one line of so many characters. */
const summary = 'Every Apache CloudStack command, few tokens, a confirmation before anything is destroyed';

/** How a host starts the published package. */
export const published = { command: 'npx', args: ['-y', 'cloudstack-mcp-server', 'serve'] };

/** The variables that install links and manifests set. */
export const asked = [...questions.map(({ variable }) => variable), onlyReads.variable];

const read = (): About => JSON.parse(readFileSync('package.json', 'utf8')) as About;

/** The web page of the repository: `git+https://host/owner/name.git` without what git needs. */
const pageOf = ({ repository }: About): string => repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** The name in the MCP registry, which gives everyone the names below their GitHub account: `io.github.owner/name`. */
const registryName = (about: About): string => {
  const [, owner = ''] = /^https:\/\/github\.com\/([^/]+)\//.exec(pageOf(about)) ?? [];
  return `io.github.${owner}/${about.name}`;
};

/** https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json */
const serverJson = (about: About) => ({
  $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
  name: registryName(about),
  title,
  description: summary,
  version: about.version,
  repository: { url: pageOf(about), source: 'github' },
  websiteUrl: pageOf(about),
  packages: [
    {
      registryType: 'npm',
      identifier: about.name,
      version: about.version,
      runtimeHint: 'npx',
      transport: { type: 'stdio' },
      packageArguments: [{ type: 'positional', value: 'serve' }],
      environmentVariables: [
        ...questions.map(({ variable, description, isSecret }) => ({
          name: variable,
          description,
          isRequired: true,
          isSecret,
          format: 'string',
        })),
        { name: onlyReads.variable, description: onlyReads.description, format: 'boolean', default: 'false' },
      ],
    },
  ],
});

/** https://github.com/anthropics/mcpb/blob/main/MANIFEST.md */
const bundleManifest = (about: About) => ({
  manifest_version: '0.3',
  name: about.name,
  display_name: title,
  version: about.version,
  description: summary,
  author: { name: about.author },
  repository: { type: 'git', url: pageOf(about) },
  homepage: pageOf(about),
  support: `${pageOf(about)}/issues`,
  license: about.license,
  keywords: about.keywords,
  server: {
    type: 'node',
    entry_point: 'dist/main.js',
    mcp_config: {
      command: 'node',
      args: ['${__dirname}/dist/main.js', 'serve'],
      env: Object.fromEntries(
        [...questions, onlyReads].map(({ variable, key }) => [variable, `\${user_config.${key}}`]),
      ),
    },
  },
  tools_generated: true,
  prompts_generated: true,
  user_config: {
    ...Object.fromEntries(
      questions.map(({ key, title: heading, description, isSecret }) => [
        key,
        { type: 'string', title: heading, description, required: true, ...(isSecret ? { sensitive: true } : {}) },
      ]),
    ),
    [onlyReads.key]: {
      type: 'boolean',
      title: onlyReads.title,
      description: onlyReads.description,
      required: false,
      default: false,
    },
  },
  compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: about.engines.node } },
});

const plugin = (about: About) => ({
  name: 'cloudstack',
  version: about.version,
  description: summary,
  author: { name: about.author },
  homepage: pageOf(about),
  repository: pageOf(about),
  license: about.license,
  keywords: about.keywords,
});

/** https://code.claude.com/docs/en/plugins-reference */
const claudePlugin = (about: About) => ({
  ...plugin(about),
  mcpServers: { cloudstack: { command: 'node', args: ['${CLAUDE_PLUGIN_ROOT}/dist/main.js', 'serve'] } },
});

/** https://cursor.com/docs/reference/plugins: it names no variable for the plugin's folder. */
const cursorPlugin = (about: About) => ({
  ...plugin(about),
  displayName: title,
  skills: './skills/',
  mcpServers: { cloudstack: published },
});

/** https://developers.openai.com/codex/plugins/build: paths of a server are not relative to the plugin. */
const codexPlugin = (about: About) => ({
  ...plugin(about),
  skills: './skills/',
  mcpServers: { cloudstack: published },
  interface: {
    displayName: title,
    shortDescription: 'Run your CloudStack cloud',
    longDescription: about.description,
    developerName: about.author,
    category: 'Developer Tools',
    capabilities: ['Interactive', 'Read', 'Write'],
    websiteURL: pageOf(about),
    defaultPrompt: ['Which virtual machines are stopped, and since when?', 'Is every zone healthy?'],
  },
});

/** https://geminicli.com/docs/extensions/reference/ */
const geminiExtension = (about: About) => ({
  name: 'cloudstack',
  version: about.version,
  description: summary,
  mcpServers: { cloudstack: { command: 'node', args: ['${extensionPath}${/}dist${/}main.js', 'serve'] } },
  settings: questions.map(({ variable, title: name, description, isSecret }) => ({
    name,
    description,
    envVar: variable,
    ...(isSecret ? { sensitive: true } : {}),
  })),
});

/** package.json with what follows from its repository. */
const completed = (about: About) => ({
  ...about,
  mcpName: registryName(about),
  homepage: `${pageOf(about)}#readme`,
  bugs: { url: `${pageOf(about)}/issues` },
});

const manifests: Readonly<Record<string, (about: About) => object>> = {
  'package.json': completed,
  'server.json': serverJson,
  'manifest.json': bundleManifest,
  '.claude-plugin/plugin.json': claudePlugin,
  '.cursor-plugin/plugin.json': cursorPlugin,
  '.codex-plugin/plugin.json': codexPlugin,
  'gemini-extension.json': geminiExtension,
};

/**
 * Writes what registries and hosts read about the package, each from package.json; with `check` it only names what is
 * stale.
 */
export const writeManifests = (check: boolean): string[] => {
  const stale: string[] = [];
  for (const [path, describe] of Object.entries(manifests)) {
    const text = `${JSON.stringify(describe(read()), null, 2)}\n`;
    let there = '';
    try {
      there = readFileSync(path, 'utf8');
    } catch {
      // Not written yet.
    }
    const isSame = there !== '' && JSON.stringify(JSON.parse(there)) === JSON.stringify(JSON.parse(text));
    if (isSame) continue;
    if (check) stale.push(`${path} is stale: npm run docs writes it anew`);
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  return stale;
};

/** Links that set up a host by a click: the host asks before it takes the server. */
export const installLinks = (): string => {
  const inputs = questions.map(({ key, title: description, isSecret }) => ({
    type: 'promptString',
    id: `cloudstack-${key}`,
    description,
    ...(isSecret ? { password: true } : {}),
  }));
  const env = Object.fromEntries(questions.map(({ variable, key }) => [variable, `\${input:cloudstack-${key}}`]));
  const vscode = { name: 'cloudstack', type: 'stdio', ...published, env, inputs };
  const cursor = Buffer.from(JSON.stringify(published)).toString('base64');
  return [
    `- [VS Code](vscode:mcp/install?${encodeURIComponent(JSON.stringify(vscode))}): asks for the URL and the key pair, and keeps them in its store of secrets`,
    `- [Cursor](cursor://anysphere.cursor-deeplink/mcp/install?name=cloudstack&config=${encodeURIComponent(cursor)}): uses the cloud that \`init\` has written`,
  ].join('\n');
};
