import type { Confirmation, Inverse, ResolvedName } from '../types.ts';

/** How a human said no, and who it was; `reason`: in their words. */
export interface GivenRefusal extends Confirmation {
  readonly reason?: string | undefined;
}

/** What the steps tell about a call as they learn it. */
export interface Facts {
  /** The id of the HTTP request that brought the call. */
  request?: string | undefined;
  /** The id of the trace that the call is part of. */
  trace?: string | undefined;
  /** Host and port of the cloud that it was for, or `the embedded simulator`. */
  endpoint?: string | undefined;
  /** Digest (SHA-256) of the script that made the call, or ran. */
  script?: string | undefined;
  command?: string;
  risk?: string;
  severity?: string;
  params?: Readonly<Record<string, unknown>>;
  /** What was asked over the rows of a list, in the caller's words. */
  ask?: Readonly<Record<string, unknown>> | undefined;
  names?: readonly ResolvedName[];
  /** What the principal may do here. */
  role?: string | undefined;
  rule?: string | undefined;
  /** Digest of the question the human was asked. */
  question?: string;
  confirmation?: Confirmation | undefined;
  /** A person was asked and said no. */
  refusal?: GivenRefusal | undefined;
  /** Digest of the plan that it is a step of, or that was asked about; the step, counted from 1. */
  plan?: string;
  step?: number;
  /** Requests of the command itself that left, retries included. */
  requests?: number;
  job?: string | undefined;
  /** What was changed, as it was before. */
  before?: Readonly<Record<string, unknown>> | undefined;
  /** How it is taken back. */
  undo?: Inverse | undefined;
  /** A job was accepted and goes on. */
  pending?: boolean;
}

/** What a line of the audit log says of a call; in the file, `seq`, `prev` and `hash` chain it to the others. */
export interface AuditEntry extends Facts {
  time: string;
  call: string;
  principal: string;
  host: string;
  profile: string;
  tool: string;
  result: 'done' | 'accepted' | 'refused' | 'failed' | 'cancelled' | 'unknown';
  error?: { kind: string; code?: number | undefined; message: string };
  /** Milliseconds. */
  duration: number;
}

/** What is known of a change that is about to be sent; `call` is that of its entry. */
export interface SendingEntry extends Omit<AuditEntry, 'result' | 'error' | 'duration'> {
  kind: 'sending';
}

/** Whether a request that can change something has left. */
export const hasChanged = ({ risk, requests }: AuditEntry): boolean => (requests ?? 0) > 0 && risk !== 'read';
