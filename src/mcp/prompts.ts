import {
  ProtocolError,
  ProtocolErrorCode,
  type GetPromptRequest,
  type GetPromptResult,
  type Prompt,
} from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { limits } from '../limits.ts';
import { estimateTokens } from '../present/tokens.ts';
import { toLabel, toLine, startOf } from '../text.ts';
import { loadGuides, writeGuide, type Guide } from './guides.ts';

/** The guides as prompts/list shows them. */
export const listPrompts = (app: Pick<App, 'config'>): Prompt[] =>
  loadGuides(app).map(({ name, title, description, arguments: asked }) => ({
    name,
    title,
    description,
    arguments: asked.map(({ name, description, required }) => ({ name, description, required: required ?? false })),
  }));

/** The guide of a name. Throws a protocol error that lists the names there are. */
export const requireGuide = (app: Pick<App, 'config'>, name: string): Guide => {
  const guides = loadGuides(app);
  const guide = guides.find((one) => one.name === name);
  if (guide) return guide;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `There is no prompt ${toLabel(name)}. Available: ${guides.map((one) => one.name).join(', ')}`,
  );
};

/** Characters of an argument that stands in a prompt several times, where the prompt would be too long: no name is longer. */
const maxName = 255;

/** What was given for arguments as one line each; what is empty is not given. */
const readGiven = (given: Readonly<Record<string, unknown>>, maxLength: number): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const text = toLine(startOf(String(value), maxLength));
      return text === '' ? [] : [[name, text]];
    }),
  );

/** Answers prompts/get. Throws a protocol error for an unknown prompt and for arguments that are missing or unknown. */
export const getPrompt = (
  app: Pick<App, 'config'>,
  { name, arguments: args = {} }: GetPromptRequest['params'],
): GetPromptResult => {
  const guide = requireGuide(app, name);
  const given = readGiven(args, limits.query);
  const missing = guide.arguments.filter((one) => one.required && given[one.name] === undefined);
  const unknown = Object.keys(given).filter((key) => !guide.arguments.some((one) => one.name === key));
  const problems = [
    ...missing.map((one) => `${one.name} is missing (${one.description})`),
    ...unknown.map((key) => `there is no argument ${toLabel(key)}`),
  ];
  if (problems.length)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Prompt ${guide.name}: ${problems.join('; ')}.`);
  const whole = writeGuide(guide, given);
  const text = estimateTokens(whole) > app.config.budget ? writeGuide(guide, readGiven(args, maxName)) : whole;
  return {
    description: guide.description,
    messages: [{ role: 'user', content: { type: 'text', text } }],
  };
};
