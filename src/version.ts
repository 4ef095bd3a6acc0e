import { readFileSync } from 'node:fs';

const about = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
  engines: { node: string };
  repository: { url: string };
};

/** The package's version. */
export const { version } = about;

/** The oldest Node that runs it, such as `20.19.0`. */
export const oldestNode = about.engines.node.replace('>=', '');

/** The URL of the repository, as npm has it; a publisher writes its owner. */
export const repository = about.repository.url;
