import type { Auth } from './auth.ts';

/** The public URL of this server, where the configuration has one: of `/mcp`, whose origin is the page's. */
export const publicUrlOf = (auth: Auth | undefined): string | undefined =>
  auth?.issuer && (auth.resource ?? auth.audience?.find((value) => /^https?:/.test(value)));

/** Where on the page of this origin a person approves the call under a code. */
export const approvalUrlOf = (origin: string, code: string): string => new URL(`/#/approvals/${code}`, origin).href;
