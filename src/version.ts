import { readFileSync } from 'node:fs';

const about = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** The package's version. */
export const { version } = about;

/** The oldest Node that runs it, such as `20.19.0`. */
export const oldestNode = about.engines.node.replace('>=', '');
