import { existsSync } from 'node:fs';
import { programName } from './program-name.ts';
import { repository } from './version.ts';

/** `git+https://host/owner/name.git` as the address of a page; undefined until a publisher has written its owner. */
const home = repository.includes('/OWNER/') ? undefined : repository.replace(/^git\+/, '').replace(/\.git$/, '');

/** A sentence that leads to a page of the documents, such as `configuration`: in a clone to the file, elsewhere to the web. */
export const seePage = (page: string): string => {
  if (existsSync(new URL(`../docs/${page}.md`, import.meta.url))) return `See docs/${page}.md.`;
  return home === undefined
    ? `${programName} serve --help --all lists every setting.`
    : `See ${home}/blob/main/docs/${page}.md.`;
};
