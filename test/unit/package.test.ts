import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { variables } from '../../scripts/docs/settings.ts';
import { findProblems } from '../../scripts/release/version.ts';
import { commands } from '../../src/cli/commands.ts';

// What registries and hosts read about the package. Their schemas are looked at by npm run package-check.

const read = (path: string): any => JSON.parse(readFileSync(path, 'utf8'));
const about = read('package.json');

/** A server as a host starts it: our program by npx, or dist/main.js of the package, and one of its commands. */
const expectServer = ({ command, args }: { command: string; args: string[] }): void => {
  const [program, word] = args.slice(-2) as [string, string];
  if (command === 'npx') expect([program, args[0]]).toEqual([about.name, '-y']);
  else expect([command, program]).toEqual(['node', expect.stringMatching(/[/}]dist[/}$]*.*main\.js$/)]);
  expect(Object.keys(commands)).toContain(word);
};

test('every install link in the documents leads to our program, holds no secret and asks for variables that are read', () => {
  const texts = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map((path) => readFileSync(path, 'utf8'));
  const links = texts.flatMap((text) =>
    [...text.matchAll(/\]\(((?:vscode|cursor):[^)]+)\)/g)].map(([, link]) => link!),
  );
  const opened = links.map((link) => {
    const { protocol, pathname, search, searchParams } = new URL(link);
    if (protocol === 'vscode:') {
      expect(pathname).toBe('mcp/install');
      return JSON.parse(decodeURIComponent(search.slice(1)));
    }
    expect(link).toMatch(/^cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?/);
    return { name: searchParams.get('name'), ...JSON.parse(atob(searchParams.get('config')!)) };
  });
  expect(opened.map(({ name }) => name)).toEqual(['cloudstack', 'cloudstack']);
  for (const { command, args, env = {}, inputs = [] } of opened) {
    expectServer({ command, args });
    const asked = Object.fromEntries(inputs.map((input: { id: string }) => [`\${input:${input.id}}`, input]));
    for (const [name, value] of Object.entries(env)) {
      expect(variables.has(name), name).toBe(true);
      expect(Boolean(asked[value as string].password), name).toBe(/KEY/.test(name));
    }
  }
});

test('every manifest has the version, starts our program, and marks what is secret', () => {
  const plugins = [
    '.claude-plugin/plugin.json',
    '.cursor-plugin/plugin.json',
    '.codex-plugin/plugin.json',
    'gemini-extension.json',
  ];
  for (const path of plugins) {
    const { version, mcpServers } = read(path);
    expect(version, path).toBe(about.version);
    expectServer(mcpServers.cloudstack);
  }
  const registry = read('server.json');
  const [{ environmentVariables, ...npm }] = registry.packages;
  expect(npm).toMatchObject({ identifier: about.name, version: about.version });
  expect(registry).toMatchObject({ name: about.mcpName, version: about.version });
  const bundle = read('manifest.json');
  expect(bundle.version).toBe(about.version);
  expectServer(bundle.server.mcp_config);
  const marked: [string, string, unknown][] = [
    ...environmentVariables.map((one: any) => ['server.json', one.name, one.isSecret]),
    ...read('gemini-extension.json').settings.map((one: any) => ['gemini-extension.json', one.envVar, one.sensitive]),
    ...Object.entries<string>(bundle.server.mcp_config.env).map(([name, value]) => [
      'manifest.json',
      name,
      bundle.user_config[/^\$\{user_config\.(\w+)\}$/.exec(value)![1]!].sensitive,
    ]),
  ];
  expect(marked.length).toBeGreaterThanOrEqual(9);
  for (const [path, name, isSecret] of marked) {
    expect(variables.has(name), name).toBe(true);
    expect(Boolean(isSecret), `${path}: ${name}`).toBe(/KEY/.test(name));
  }
});

test('what a publisher fills in is one URL; without it nothing is released', () => {
  const owned = { version: '1.0.0', repository: { url: 'git+https://github.com/OWNER/cloudstack-mcp-server.git' } };
  const rest = {
    lock: { version: '1.0.0', packages: { '': { version: '1.0.0' } } },
    chart: { version: '1.0.0', appVersion: '1.0.0' },
    changelog: '# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-02\n\n- A thing.\n',
    changed: '',
    tags: [],
  };
  expect(findProblems({ ...rest, package: owned })).toEqual([expect.stringContaining('names no owner')]);
  const filled = { ...owned, repository: { url: 'git+https://github.com/someone/cloudstack-mcp-server.git' } };
  expect(findProblems({ ...rest, package: filled })).toEqual([]);
});
