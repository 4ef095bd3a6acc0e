import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { readPageFile } from '../../page-files.ts';

/**
 * Nothing but the page's own files, and no page around it. `trusted-types` without a name: no script may write markup, so
 * that the name of a machine can never become any.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The headers of everything that the page is made of, its data included. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

interface Asset {
  body: Buffer;
  zipped: Buffer;
  etag: string;
}

const known = new Map<string, Asset>();

const load = (name: string): Asset => {
  const found = known.get(name);
  if (found) return found;
  const body = readPageFile(name);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const asset = { body, zipped: gzipSync(body, { level: 9 }), etag };
  known.set(name, asset);
  return asset;
};

/** The file of the page under that name, or undefined where there is none. */
export const serveAsset = (name: string, request: Request): Response | undefined => {
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return undefined;
  const { body, zipped, etag } = load(name);
  const headers = { ...pageHeaders, 'content-type': type, 'cache-control': 'no-cache', etag, vary: 'accept-encoding' };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const takesGzip = request.headers.get('accept-encoding')?.includes('gzip') === true;
  const bytes = new Uint8Array(takesGzip ? zipped : body);
  return new Response(request.method === 'HEAD' ? null : bytes, {
    headers: takesGzip ? { ...headers, 'content-encoding': 'gzip' } : headers,
  });
};
