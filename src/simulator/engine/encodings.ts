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

/** Labels of letters, digits and hyphens, as NetUtils.verifyDomainName has them. */
export const isDomainName = (text: string): boolean =>
  text.length <= 190 && text.split('.').every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i.test(label));

const noDomainName =
  "Invalid network domain. Total length shouldn't exceed 190 chars. Each domain label must be between 1 and 63 characters long, can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'); can't start or end with \"-\"";

/** Refuses user data that is not base64 and network domains that are no names, as CloudStack does before it looks at anything else of them. */
export const checkEncodings = (command: Command, args: Fields): void => {
  const { base64 = [], 'network-domain': domains = [] } = loadData<Record<string, string[]>>('formats.json');
  for (const { name, type } of command.params) {
    const value = args[name];
    if (type !== 'string' || typeof value !== 'string') continue;
    if (base64.includes(name) && !/^[\w+/=\s-]*$/.test(decoded(value)))
      throw badValue('User data is not base64 encoded.');
    if (domains.includes(name) && value !== '' && !isDomainName(value)) throw badValue(noDomainName);
  }
};
