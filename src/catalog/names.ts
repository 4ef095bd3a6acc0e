const words = /[A-Z]{2,20}s(?=[A-Z]|$)|[A-Z]{1,20}(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+[0-9]*/g;

/** `createNetworkACLList` → `create-network-acl-list`: an acronym is one word, its plural too. */
export const toKebab = (command: string): string =>
  (command.replace('OAuth', 'Oauth').match(words) ?? [command]).map((word) => word.toLowerCase()).join('-');

/** What all spellings of one name have in common: letters and digits in lower case. */
export const spellingKey = (name: string): string => name.replace(/[-_\s]/g, '').toLowerCase();
