import { CallError } from '../../src/errors.ts';

/** The CallError that a promise has to end with. */
export const failing = async (promise: Promise<unknown>): Promise<CallError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CallError) return error;
  throw new Error(`no CallError but ${String(error)}`);
};
