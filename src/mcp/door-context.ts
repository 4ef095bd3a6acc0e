import type { AuthInfo, ServerContext } from '@modelcontextprotocol/server';
import type { Origin } from '../observe.ts';
import type { Requester } from '../types.ts';

/** What a door knows of an MCP request: who makes it, and where it came from. */
export interface DoorContext {
  requester: Requester;
  origin?: Origin | undefined;
}

const key = 'door';

/** What the HTTP door knows, in the form in which the SDK carries it to the handlers; the token itself stays at the door. */
export const toAuthInfo = (context: DoorContext): AuthInfo => ({
  token: '',
  clientId: context.requester.principal,
  scopes: [],
  extra: { [key]: context },
});

/** What `toAuthInfo` put into an HTTP request. Throws for a request that no door let in. */
export const doorContextOf = ({ http }: Pick<ServerContext, 'http'>): DoorContext => {
  // The SDK types `extra` as unknown; only `toAuthInfo` fills it.
  const context = http?.authInfo?.extra?.[key] as DoorContext | undefined;
  if (!context) throw new Error('a request without a principal came through the door');
  return context;
};
