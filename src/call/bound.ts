import { CallError } from '../errors.ts';
import { excessOf } from '../excess.ts';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import type { CallRequest } from '../types.ts';

/** The beginning of arguments that are too much, for the entry of the call in the audit log. */
const excerptOf = (args: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const excerpt: [string, unknown][] = [];
  for (const name in args) {
    if (excerpt.length === limits.problems) {
      excerpt.push(['…', 'more arguments']);
      break;
    }
    const value = args[name];
    excerpt.push([
      cutText(name, limits.key),
      typeof value === 'string' ? cutText(value, limits.key) : typeof value === 'object' ? '…' : value,
    ]);
  }
  return Object.fromEntries(excerpt);
};

/** A request as the path may read it; `excess`: why it is refused, when what came was too much. */
export const bound = (request: CallRequest): { request: CallRequest; excess?: CallError } => {
  const { tool, args } = request;
  const excess =
    tool.length > limits.toolName ? `a tool's name of more than ${limits.toolName} characters` : excessOf(args);
  if (excess === undefined) return { request };
  return {
    request: { ...request, tool: cutText(tool, limits.toolName), args: excerptOf(args) },
    excess: new CallError('invalid', `The call has ${excess}.`, 'Nothing was sent.'),
  };
};
