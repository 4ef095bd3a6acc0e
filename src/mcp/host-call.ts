import type { Server, ServerContext } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { askedBefore, createConsent, createLead } from './consent.ts';
import type { DoorContext } from './door-context.ts';
import type { HostCall } from './run.ts';

/** A request as the SDK hands it to a handler, and what its door knows of it. */
export interface Handled {
  app: App;
  call: App['call'];
  server: Server;
  ctx: ServerContext;
  door: DoorContext;
  /** Where a person approves the call under a code, if there is such a page. */
  urlOf: (code: string) => string | undefined;
}

const clientInfoKey = 'io.modelcontextprotocol/clientInfo';

/** What a call needs of it. */
export const toHostCall = ({ app, call, server, ctx, door, urlOf }: Handled): HostCall => {
  const { mcpReq } = ctx;
  const envelope = mcpReq.envelope as Record<string, { name?: string; version?: string }> | undefined;
  return {
    app,
    call,
    door,
    client: envelope?.[clientInfoKey] ?? server.getClientVersion(),
    meta: mcpReq._meta,
    signal: mcpReq.signal,
    consent: createConsent(server, ctx),
    lead: createLead(server, ctx, urlOf),
    asked: askedBefore(ctx),
    // A host that no longer listens for progress still gets its result.
    onProgress: (params) => void mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined),
  };
};
