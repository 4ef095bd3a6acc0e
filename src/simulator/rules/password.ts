import { createHash } from 'node:crypto';

/** A password as it is stored and compared: never in the clear, so that a saved world holds no passwords. */
export const hashPassword = (password: string): string =>
  createHash('sha256').update(`simulator:${password}`).digest('hex');
