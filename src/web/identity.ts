import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import type { Auth } from '../config/auth.ts';
import type { Report } from './core.ts';
import type { Exchange } from './exchange.ts';
import { createJwtReader, TokenError } from './jwt.ts';
import type { Principal } from './principal.ts';
import { createTokens } from './tokens.ts';

/** Finds out who asks. */
export interface Identity {
  /** The principal, or the answer for whoever is none. */
  identify(request: Request, exchange?: Exchange): Promise<Principal | Response>;
  /** The protected-resource metadata (RFC 9728), where tokens of an issuer are taken. */
  metadata(): Record<string, unknown> | undefined;
}

type Read = (token: string) => Promise<Principal | undefined>;

const wellKnown = '/.well-known/oauth-protected-resource';

const isUrl = (value: string): boolean => /^https?:/.test(value);

/** The public URL of `/mcp`: the resource that tokens are for. */
const resourceOf = ({ resource, audience }: Auth): string | undefined => resource ?? audience?.find(isUrl);

const metadataUrlOf = (auth: Auth): string | undefined => {
  const resource = auth.issuer && resourceOf(auth);
  if (!resource) return undefined;
  const { origin, pathname } = new URL(resource);
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}`;
};

const createReader = (auth: Auth): Read => {
  const findToken = createTokens(auth.tokens);
  const { issuer, audience } = auth;
  const readJwt = issuer && audience ? createJwtReader({ ...auth, issuer, audience }) : undefined;
  return async (token) => {
    const name = findToken(token);
    // A static token was made for this server: nothing narrows it.
    if (name !== undefined) return { name, scopes: auth.scopes };
    return readJwt && token.split('.').length === 3 ? readJwt(token) : undefined;
  };
};

/** Tokens by the section `auth`, as it is now; without it everybody on loopback is the configured principal. */
export const createIdentity = (app: App, report: Report): Identity => {
  let known: { auth: Auth; read: Read } | undefined;
  const readerOf = (auth: Auth): Read => {
    if (known?.auth !== auth) known = { auth, read: createReader(auth) };
    return known.read;
  };
  const challenge = (auth: Auth, code: OAuthErrorCode, message: string): Response => {
    const resourceMetadataUrl = metadataUrlOf(auth);
    return bearerAuthChallengeResponse(new OAuthError(code, message), {
      requiredScopes: auth.scopes,
      ...(resourceMetadataUrl ? { resourceMetadataUrl } : {}),
    });
  };
  const authenticate = async (
    auth: Auth,
    request: Request,
    exchange: Exchange | undefined,
  ): Promise<Principal | Response> => {
    const refuse = (message: string): Response => challenge(auth, OAuthErrorCode.InvalidToken, message);
    const header = request.headers.get('authorization');
    if (!header) return refuse('A token is needed: Authorization: Bearer TOKEN');
    const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];
    if (!token) return refuse('The header is not Authorization: Bearer TOKEN');
    try {
      const principal = await readerOf(auth)(token);
      if (!principal) return refuse('The token is not valid here');
      if (!auth.scopes.every((scope) => principal.scopes.includes(scope)))
        return challenge(auth, OAuthErrorCode.InsufficientScope, `The token lacks a scope: ${auth.scopes.join(' ')}`);
      return principal;
    } catch (error) {
      if (error instanceof TokenError) return refuse(error.message);
      report(`Tokens cannot be checked: ${String(error)}`, exchange);
      return Response.json(
        { error: 'temporarily_unavailable', error_description: 'Tokens cannot be checked at the moment' },
        { status: 503, headers: { 'retry-after': '5' } },
      );
    }
  };
  return {
    identify: async (request, exchange) => {
      const { auth, principals, principal: local } = app.config;
      if (!auth) return { name: local, scopes: [] };
      const principal = await authenticate(auth, request, exchange);
      if (principal instanceof Response) return principal;
      if (principals && (Object.hasOwn(principals, principal.name) || Object.hasOwn(principals, '*'))) return principal;
      const description = `Nobody gave ${principal.name} a role here; someone who operates this server can add it under principals`;
      return Response.json({ error: 'access_denied', error_description: description }, { status: 403 });
    },
    metadata: () => {
      const { auth } = app.config;
      if (!auth?.issuer) return undefined;
      return {
        resource: resourceOf(auth),
        authorization_servers: [auth.issuer],
        ...(auth.scopes.length ? { scopes_supported: auth.scopes } : {}),
        bearer_methods_supported: ['header'],
        resource_name: 'Apache CloudStack',
      };
    },
  };
};
