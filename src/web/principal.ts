import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Origin } from '../observe.ts';

/** Who asks over HTTP, once the door knows it. */
export interface Principal {
  name: string;
  scopes: readonly string[];
}

/** A principal in the form in which the SDK carries it to the handlers; the token itself stays at the door. */
export const toAuthInfo = ({ name, scopes }: Principal, origin?: Origin): AuthInfo => ({
  token: '',
  clientId: name,
  scopes: [...scopes],
  extra: { principal: name, origin },
});

/** The principal of a request that a handler got. Throws where the door let one in without. */
export const principalOf = ({ http }: { http?: { authInfo?: AuthInfo } }): string => {
  const name = http?.authInfo?.extra?.['principal'];
  if (typeof name !== 'string') throw new Error('a request without a principal came through the door');
  return name;
};
