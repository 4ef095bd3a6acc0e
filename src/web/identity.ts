import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import type { Auth } from '../config/auth.ts';
import { publicUrlOf } from '../config/public-url.ts';
import { entryOf } from '../guard/roles.ts';
import type { Requester } from '../types.ts';
import type { ReportError } from './core.ts';
import type { RequestContext } from './request-context.ts';
import { createJwtReader, TokenError, type TokenSubject } from './jwt.ts';
import { createTokens } from './tokens.ts';

/** Authenticates requests. */
export interface Identity {
  /** The requester, or the response that refuses it. */
  identify(request: Request, context?: RequestContext): Promise<Requester | Response>;
  /** The protected-resource metadata (RFC 9728), where tokens of an issuer are taken. */
  metadata(): Record<string, unknown> | undefined;
}

type Read = (token: string) => Promise<TokenSubject | undefined>;

const wellKnown = '/.well-known/oauth-protected-resource';

const metadataUrlOf = (auth: Auth): string | undefined => {
  const resource = publicUrlOf(auth);
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
export const createIdentity = (app: App, report: ReportError): Identity => {
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
    context: RequestContext | undefined,
  ): Promise<TokenSubject | Response> => {
    const refuse = (message: string): Response => challenge(auth, OAuthErrorCode.InvalidToken, message);
    const header = request.headers.get('authorization');
    if (!header) return refuse('A token is needed: Authorization: Bearer TOKEN');
    const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];
    if (!token) return refuse('The header is not Authorization: Bearer TOKEN');
    try {
      const subject = await readerOf(auth)(token);
      if (!subject) return refuse('The token is not valid here');
      if (!auth.scopes.every((scope) => subject.scopes.includes(scope)))
        return challenge(auth, OAuthErrorCode.InsufficientScope, `The token lacks a scope: ${auth.scopes.join(' ')}`);
      return subject;
    } catch (error) {
      if (error instanceof TokenError) return refuse(error.message);
      report(`Tokens cannot be checked: ${String(error)}`, context);
      return Response.json(
        { error: 'temporarily_unavailable', error_description: 'Tokens cannot be checked at the moment' },
        { status: 503, headers: { 'retry-after': '5' } },
      );
    }
  };
  return {
    identify: async (request, context) => {
      const { auth, principals, principal: local } = app.config;
      if (!auth) return { principal: local };
      const subject = await authenticate(auth, request, context);
      if (subject instanceof Response) return subject;
      if (entryOf(principals, subject.name)) return { principal: subject.name };
      const description = `${subject.name} has no role here; the operator of this server can add it under principals`;
      return Response.json({ error: 'access_denied', error_description: description }, { status: 403 });
    },
    metadata: () => {
      const { auth } = app.config;
      if (!auth?.issuer) return undefined;
      return {
        resource: publicUrlOf(auth),
        authorization_servers: [auth.issuer],
        ...(auth.scopes.length ? { scopes_supported: auth.scopes } : {}),
        bearer_methods_supported: ['header'],
        resource_name: 'Apache CloudStack',
      };
    },
  };
};
