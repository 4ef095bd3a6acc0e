/** npm run site: the documents as pages that need nothing from elsewhere, with a search that runs in the browser. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme, type MarkdownOptions } from 'vitepress';
import { anchorOf } from '../../scripts/docs/markdown.ts';
import { pagePaths } from '../../scripts/docs/pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { repository: { url: string } };
const source = `${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/main/`;

const titleOf = (path: string): string => /^# (.+)$/m.exec(readFileSync(join(root, path), 'utf8'))?.[1] ?? path;
const items = (paths: readonly string[]): DefaultTheme.SidebarItem[] =>
  paths.map((path) => ({ text: titleOf(path), link: `/${path.replace(/\.md$/, '')}` }));
const below = (folder: string): string[] => pagePaths().filter((path) => path.startsWith(`docs/${folder}/`));

const start = ['docs/cookbook.md', 'docs/cli.md', 'docs/from-cloudmonkey.md', 'docs/simulator.md', 'docs/tools.md'];
const safety = ['docs/policy.md', 'docs/risks.md', 'docs/audit.md', 'docs/privacy.md', 'SECURITY.md'];
const inside = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/cloudstack-behaviour.md', 'docs/dependencies.md'];
const named = new Set([...start, ...safety, ...inside, ...below('hosts'), ...below('identity'), 'README.md']);
const running = pagePaths().filter((path) => !named.has(path));

/** A link to a file of the repository that is no page leads to the repository. */
const linkToSource: NonNullable<MarkdownOptions['config']> = (markdown) => {
  const isPage = (path: string): boolean =>
    /^(?:docs\/|data\/)?[^/]+\.md$|^docs\/.+\.md$/.test(path) && existsSync(join(root, path));
  markdown.core.ruler.push('link-to-source', ({ tokens, env }) => {
    const { relativePath } = env as { relativePath: string };
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (!href || /^(?:[a-z]+:|#|\/)/.test(href)) continue;
      const target = href.split('#', 1)[0] ?? '';
      const path = join(dirname(relativePath === 'index.md' ? 'README.md' : relativePath), target);
      const anchor = href.slice(target.length);
      if (path === 'README.md') token.attrSet('href', `/${anchor}`);
      else if (!isPage(path)) token.attrSet('href', `${source}${path}${anchor}`);
    }
  });
};

export default defineConfig({
  title: 'cloudstack-mcp-server',
  description: 'Every Apache CloudStack command for AI assistants and people',
  lang: 'en',
  srcDir: '..',
  outDir: './dist',
  cacheDir: './cache',
  srcExclude: ['**/node_modules/**', 'skills/**', 'test/**', 'dist/**', 'site/**', 'deploy/**', 'src/**', 'release/**'],
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: linkToSource,
    anchor: { slugify: anchorOf },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Commands', link: '/docs/tools' },
      { text: 'Configuration', link: '/docs/configuration' },
    ],
    sidebar: [
      { text: 'Start', items: [{ text: 'Overview', link: '/' }, ...items(start)] },
      { text: 'Hosts', items: items(below('hosts')) },
      { text: 'Sign-on', items: items(below('identity')) },
      { text: 'Safety', items: items(safety) },
      { text: 'Operate', items: items(running) },
      { text: 'Inside', items: items(inside) },
    ],
  },
});
