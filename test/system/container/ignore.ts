const toPattern = (line: string): RegExp =>
  new RegExp(
    `^${line
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('**/', '\u0000')
      .replaceAll('*', '[^/]*')
      .replaceAll('\u0000', '(?:.*/)?')}$`,
  );

/**
 * Whether a path of the build context stays out of it, by a .dockerignore: the last line that fits a path or a folder
 * above it counts. https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export const createIgnore = (text: string): ((path: string) => boolean) => {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), pattern: toPattern(line.replace(/^!/, '').replace(/\/$/, '')) }));
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const rule = rules.findLast(({ pattern }) => prefixes.some((prefix) => pattern.test(prefix)));
    return rule !== undefined && !rule.keeps;
  };
};
