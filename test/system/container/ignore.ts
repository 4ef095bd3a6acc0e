import createRules from 'ignore';
import { posix } from 'node:path';

/**
 * Whether a path of the build context stays out of it, by a .dockerignore. Its lines are those of a .gitignore that all
 * begin at the top: `*.md` means no folder below it. https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export const createIgnore = (text: string): ((path: string) => boolean) => {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.replace(/^(!?)\/?/, '$1/'));
  const rules = createRules().add(lines);
  return (path) => {
    const name = posix.normalize(path);
    return name !== '.' && rules.ignores(name);
  };
};
