import type * as z from 'zod';
import { CallError, type ErrorDetails } from '../errors.ts';

/** A configuration error. */
export const wrong = (message: string, hint: string, details: ErrorDetails = {}): CallError =>
  new CallError('configuration', message, hint, details);

/** The keys that lead to the first thing that a schema finds wrong. */
export const keysOf = ({ issues }: z.ZodError): string[] => {
  const [issue] = issues;
  const added = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...(issue?.path ?? []).map(String), ...added];
};
