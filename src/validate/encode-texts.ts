import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';

const isBase64 = (text: string): boolean => {
  const plain = text.replace(/\s+/g, '');
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
};

/** CloudStack decodes a value with % in it once more before it looks at it. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * Encodes plain text where CloudStack takes base64 only (`base64` of data/formats.json), in place; what is base64 already
 * stays. Returns a sentence for each text that was encoded.
 */
export const encodeTexts = (command: Command, values: Record<string, unknown>): string[] =>
  command.params.flatMap(({ name }) => {
    const value = values[name];
    if (typeof value !== 'string' || !loadData<Record<string, string[]>>('formats.json')['base64']?.includes(name))
      return [];
    if (isBase64(value) || (value.includes('%') && isBase64(decoded(value)))) return [];
    values[name] = Buffer.from(value).toString('base64');
    return [`${name} was plain text and was sent as base64.`];
  });
