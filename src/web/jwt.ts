import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Auth } from '../config/auth.ts';
import { isRecord } from '../rows.ts';

/** Whom a token names, and what it was given for. */
export interface TokenSubject {
  name: string;
  scopes: readonly string[];
}

/** A token that is not taken, in words that may go to its sender. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** Signatures with a key that only the issuer has; neither `none` nor anything that a public key could forge. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Seconds by which clocks may differ. */
const clockToleranceSeconds = 30;
/** Milliseconds to wait for the issuer. */
export const issuerTimeoutMs = 5000;

/** What is the token's fault. All else (no connection, no key set) is not, and must not look like it. */
const faults = [
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

const metadataUrls = (issuer: string): string[] => {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
};

/** What the issuer says of itself: RFC 8414, else OpenID Connect Discovery. Throws where it says nothing. */
export const readMetadata = async (issuer: string): Promise<Readonly<Record<string, unknown>>> => {
  for (const url of metadataUrls(issuer)) {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(issuerTimeoutMs) });
    if (!response.ok) continue;
    const metadata: unknown = await response.json();
    if (isRecord(metadata) && metadata['issuer'] === issuer) return metadata;
  }
  throw new Error(`${issuer} has no metadata`);
};

/** Where the issuer's own metadata says its keys are. */
const discover = async (issuer: string): Promise<string> => {
  const { jwks_uri: keys } = await readMetadata(issuer);
  if (typeof keys === 'string') return keys;
  throw new Error(`${issuer} does not say where its keys are; set auth.jwks`);
};

const scopesOf = ({ scope, scp }: JWTPayload): string[] =>
  [scope, scp].flatMap((value) =>
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value.map(String) : [],
  );

/** Reads an access token of the issuer. Throws a TokenError for one that is not taken, anything else when it cannot be checked. */
export const createJwtReader = ({ issuer, audience, jwks, claim }: Auth & { issuer: string; audience: string[] }) => {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const open = async (): Promise<JWTVerifyGetKey> =>
    createRemoteJWKSet(new URL(jwks ?? (await discover(issuer))), { timeoutDuration: issuerTimeoutMs });
  const getKeys = (): Promise<JWTVerifyGetKey> => {
    keys ??= open();
    keys.catch(() => (keys = undefined));
    return keys;
  };
  return async (token: string): Promise<TokenSubject> => {
    const found = await getKeys();
    try {
      const { payload } = await jwtVerify(token, found, {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', claim],
      });
      const name = payload[claim];
      if (typeof name !== 'string' || !/^[^\p{Cc}]{1,256}$/u.test(name) || name === '*')
        throw new TokenError(`The token's claim ${claim} names no one`);
      return { name, scopes: scopesOf(payload) };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new TokenError('The token has expired');
      if (faults.some((fault) => error instanceof fault)) throw new TokenError('The token is not valid here');
      throw error;
    }
  };
};
