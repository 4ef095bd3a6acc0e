import { isLoopback } from '../loopback.ts';

const hostOf = (text: string): string => /^(\[[^\]]*\]|[^/:?#]*)/.exec(text)?.[0] ?? '';

/**
 * The URL of a CloudStack's API out of what people write for it: without a scheme (https, on this machine http), without
 * its path, or copied from a browser with the web interface's own place. `repaired`: what was added; undefined where
 * nothing was. Undefined for what cannot be one.
 */
export const toEndpoint = (given: string): { url: string; repaired?: string } | undefined => {
  const text = given.trim().replace(/^\ufeff/, '');
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? '' : isLoopback(hostOf(text)) ? 'http://' : 'https://';
  if (hostOf(text) === '' || !URL.canParse(scheme + text)) return undefined;
  const url = new URL(scheme + text);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  // The place in the web interface (#/dashboard) and a query are no part of the API's address.
  url.hash = '';
  url.search = '';
  const path = /^\/(?:client\/?)?$/.test(url.pathname) ? '/client/api' : '';
  if (path) url.pathname = path;
  const added = [scheme, path].filter(Boolean).join(' and ');
  return { url: url.href.replace(/\/$/, ''), ...(added ? { repaired: added } : {}) };
};

/** Whether a value is still the place where one was to be filled in: `${NAME}`, `$NAME`, `%NAME%`, `<name>`. */
export const isUnfilled = (value: string): boolean =>
  /^(?:\$\{[^{}]*\}|\$[A-Z][A-Z0-9_]+|%[A-Z][A-Z0-9_]+%|<[^<>]+>|\{\{[^{}]*\}\})$/.test(value.trim());
