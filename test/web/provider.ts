import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { createServer } from 'node:http';
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
  const state = { down: false };
  let issuer = '';
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer =
      path === '/jwks'
        ? { keys: [jwk] }
        : path === '/.well-known/openid-configuration'
          ? { issuer, jwks_uri: `${issuer}/jwks` }
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
  return {
    issuer,
    asked,
    state,
    mint: (claims: Claims = {}, key: 'own' | 'foreign' = 'own', kid = 'own'): Promise<string> =>
      claimsOf(new SignJWT(payloadOf(claims)), { sub: 'alice', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .sign((key === 'own' ? own : foreign).privateKey),
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
