import type { Command } from '../../catalog/types.ts';
import { loadData } from '../../data.ts';
import { badValue } from '../world/errors.ts';
import type { Fields } from '../world/types.ts';

/** CloudStack decodes a value with % in it once more before it looks at it. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Refuses user data that is not base64, as CloudStack does before it looks at anything else of it. */
export const checkEncodings = (command: Command, args: Fields): void => {
  const { base64 = [] } = loadData<Record<string, string[]>>('formats.json');
  for (const { name, type } of command.params) {
    const value = args[name];
    if (type !== 'string' || typeof value !== 'string' || !base64.includes(name)) continue;
    if (!/^[\w+/=\s-]*$/.test(decoded(value))) throw badValue('User data is not base64 encoded.');
  }
};
