import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type ReadResourceResult,
  type Resource,
} from '@modelcontextprotocol/server';
import { memorySkillFiles, SkillCatalog, type Skill } from '@modelcontextprotocol/server/ext/skills';
import type { App } from '../app/app.ts';
import { loadData } from '../data.ts';
import { startOf, toLabel, toLine } from '../text.ts';
import { loadGuides, writeGuide } from './guides.ts';

/** A skill that is no guide; a line of data/skills.json. */
interface StoredSkill {
  name: string;
  description: string;
  text: readonly string[];
}

const fileOf = ({ name, description }: { name: string; description: string }, text: string): string =>
  `---\nname: ${name}\ndescription: ${JSON.stringify(description)}\n---\n\n${text}\n`;

/** Every skill as a file, by its path in a folder of skills: the guides without their arguments, and those of data/skills.json. */
export const skillFiles = (app: Pick<App, 'config'>): Record<string, string> =>
  Object.fromEntries([
    ...loadGuides(app).map((guide) => [`${guide.name}/SKILL.md`, fileOf(guide, writeGuide(guide, {}))] as const),
    ...loadData<StoredSkill[]>('skills.json').map(
      (skill) => [`${skill.name}/SKILL.md`, fileOf(skill, skill.text.join('\n\n').replace(/\n\n- /g, '\n- '))] as const,
    ),
  ]);

const loaded = new WeakMap<App, Promise<SkillCatalog>>();

/** A configuration that is read again keeps its prompts: they are of the start. */
const open = (app: App): Promise<SkillCatalog> => {
  let catalog = loaded.get(app);
  if (!catalog) loaded.set(app, (catalog = SkillCatalog.load(memorySkillFiles(skillFiles(app)), { strict: true })));
  return catalog;
};

/** Answers `skills/list` (SEP-2640). */
export const listSkills = async (app: App): Promise<{ skills: Skill[] }> => ({
  skills: [...(await open(app)).entries],
});

/** Answers `skills/get`. Throws a protocol error for an address of no skill. */
export const getSkill = async (app: App, uri: string): Promise<{ skill: Skill }> => {
  const skill = (await open(app)).entries.find((one) => one.uri === uri);
  if (!skill) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `No skill is served at ${toLabel(uri, 200)}`);
  return { skill };
};

/** The files of skills as `resources/list` shows them. */
export const listSkillResources = async (app: App): Promise<Resource[]> =>
  (await open(app)).entries.map(({ uri, frontmatter }) => ({
    uri,
    name: frontmatter.name,
    description: frontmatter.description,
    mimeType: 'text/markdown',
  }));

/** Answers `resources/read` of a skill's file. Throws a protocol error where there is none. */
export const readSkill = (app: App, uri: string): ReadResourceResult => {
  const path = uri.slice('skill://'.length);
  const files = skillFiles(app);
  if (!Object.hasOwn(files, path)) throw new ResourceNotFoundError(toLine(startOf(uri, 300)));
  return { contents: [{ uri, mimeType: 'text/markdown', text: files[path]! }] };
};
