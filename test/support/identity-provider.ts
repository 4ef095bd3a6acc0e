import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Claims {
  sub?: string;
  audience?: string;
  issuer?: string;
  scope?: string;
  scp?: string[];
  /** Seconds from now; null leaves it out. */
  expires?: number | null;
  notBefore?: number;
  more?: Record<string, unknown>;
}

/** An identity provider on loopback: its own key pair, metadata, a key set, and tokens good and bad. */
export const startProvider = async (audience: string) => {
  const [own, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'ES256', use: 'sig' };
  const asked: string[] = [];
  const state = { down: false, expires: 300 };
  let issuer = '';
  /** Codes that were given, each for the sign-in that it belongs to. */
  const codes = new Map<string, Record<string, string>>();
  const redirect = (response: ServerResponse, to: URL): void =>
    void response.writeHead(302, { location: to.href }).end();

  const giveToken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const given = Object.fromEntries(new URLSearchParams(body));
    const begun = codes.get(given['code'] ?? '');
    codes.delete(given['code'] ?? '');
    const challenge = createHash('sha256')
      .update(given['code_verifier'] ?? '')
      .digest('base64url');
    const isRight =
      begun?.['client_id'] === given['client_id'] &&
      begun?.['redirect_uri'] === given['redirect_uri'] &&
      begun?.['code_challenge'] === challenge;
    response.setHeader('content-type', 'application/json');
    if (!begun || !isRight) {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
      return;
    }
    const expires = Number(state.expires);
    const access_token = await mint({ sub: begun['user']!, expires });
    const id_token = await mint({ sub: begun['user']!, more: { nonce: begun['nonce'] } });
    response.end(JSON.stringify({ access_token, id_token, token_type: 'Bearer', expires_in: expires }));
  };

  /** The pages where people sign in, and the exchange of a code for a token; false for any other path. */
  const answerSignIn = (url: URL, request: IncomingMessage, response: ServerResponse): boolean => {
    const query = Object.fromEntries(url.searchParams);
    const back = (add: Record<string, string>): URL => {
      const to = new URL(query['redirect_uri']!);
      for (const [name, value] of Object.entries(add)) to.searchParams.set(name, value);
      return to;
    };
    if (url.pathname === '/token') {
      void giveToken(request, response);
      return true;
    }
    if (url.pathname === '/authorize') {
      const links = ['alice', 'bob', 'vera', 'stranger'].map(
        (user) => `<p><a href="/as${url.search.replaceAll('&', '&amp;')}&amp;user=${user}">${user}</a></p>`,
      );
      const denied = back({ error: 'access_denied', state: query['state']! }).href.replaceAll('&', '&amp;');
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>Sign in</title>${links.join('')}<p><a href="${denied}">nobody</a></p>`);
      return true;
    }
    if (url.pathname !== '/as') return false;
    const code = randomUUID();
    codes.set(code, query);
    redirect(response, back({ code, state: query['state']!, iss: issuer }));
    return true;
  };

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (answerSignIn(new URL(path, issuer), request, response)) return;
    const answer =
      path === '/jwks'
        ? { keys: [jwk] }
        : path === '/.well-known/openid-configuration'
          ? {
              issuer,
              jwks_uri: `${issuer}/jwks`,
              // Another site than what listens on 127.0.0.1, as it is in life.
              authorization_endpoint: `${issuer.replace('127.0.0.1', 'localhost')}/authorize`,
              token_endpoint: `${issuer}/token`,
            }
          : undefined;
    if (state.down) response.writeHead(503).end('down');
    else if (answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const claimsOf = <T extends SignJWT | UnsecuredJWT>(token: T, claims: Claims): T => {
    const now = Math.floor(Date.now() / 1000);
    token.setIssuer(claims.issuer ?? issuer).setAudience(claims.audience ?? audience);
    if (claims.sub !== undefined) token.setSubject(claims.sub);
    if (claims.expires !== null) token.setExpirationTime(now + (claims.expires ?? 300));
    if (claims.notBefore !== undefined) token.setNotBefore(now + claims.notBefore);
    return token;
  };
  const payloadOf = ({ scope = 'cloudstack', scp, more }: Claims) => ({ ...(scp ? { scp } : { scope }), ...more });
  const mint = (claims: Claims = {}, key: 'own' | 'foreign' = 'own', kid = 'own'): Promise<string> =>
    claimsOf(new SignJWT(payloadOf(claims)), { sub: 'alice', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
      .sign((key === 'own' ? own : foreign).privateKey);
  return {
    issuer,
    asked,
    state,
    mint,
    /** Signed by nobody. */
    mintNone: (claims: Claims = {}): string =>
      claimsOf(new UnsecuredJWT(payloadOf(claims)), { sub: 'alice', ...claims }).encode(),
    /** Signed with the public key as if it were a shared secret. */
    mintConfused: (): Promise<string> =>
      claimsOf(new SignJWT(payloadOf({})), { sub: 'alice' })
        .setProtectedHeader({ alg: 'HS256', kid: 'own' })
        .sign(new TextEncoder().encode(JSON.stringify(jwk))),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

export type Provider = Awaited<ReturnType<typeof startProvider>>;

/** The cookie of that name that an answer sets, as a request sends it; empty where it sets none. */
export const cookieNamed = (answer: Response, name: string): string =>
  answer.headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith(name))
    ?.split(';', 1)[0] ?? '';

/** Signs someone in to the page at the identity provider; gives their cookie. */
export const signInToPage = async (origin: string, { issuer }: Provider, user: string): Promise<string> => {
  const begun = await fetch(`${origin}/page/sign-in`, { redirect: 'manual' });
  const to = new URL(begun.headers.get('location')!);
  const back = await fetch(`${issuer}/as${to.search}&user=${user}`, { redirect: 'manual' });
  const cookie = cookieNamed(begun, 'cloudstack-sign-in');
  const finished = await fetch(back.headers.get('location')!, { redirect: 'manual', headers: { cookie } });
  return cookieNamed(finished, 'cloudstack-page');
};
