import * as z from 'zod';
import { readStoreUrl } from './store-url.ts';

/** The setting of the shared store. What is wrong with it is said without repeating it: it holds a password. */
export const storeSettings = {
  redisUrl: z
    .string()
    .default('')
    .refine((url) => url === '' || readStoreUrl(url) !== undefined, {
      error:
        'It must look like redis://user:password@host:6379/0, or rediss://… with TLS; encode /, @, # and % as %2F …',
    })
    .describe('Valkey or Redis that replicas share: redis://user:password@host:6379/0, or rediss://… with TLS'),
};
