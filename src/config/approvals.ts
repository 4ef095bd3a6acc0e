import * as z from 'zod';
import { isSafeUrl } from './values.ts';

const urlError = 'It must be an https:// URL (http:// only on this machine)';

/** Who is told that a call waits for a person, and what signs its receipt. All are secrets: chats take messages from anyone who knows the URL. */
export const approvalSettings = {
  approvalWebhook: z
    .string()
    .regex(/^$|^https?:\/\//, { error: urlError, abort: true })
    .refine((url) => url === '' || isSafeUrl(url), { error: urlError })
    .default('')
    .describe('URL that gets a POST when a call begins to wait for an approval, such as a chat webhook'),
  approvalWebhookSecret: z
    .string()
    .regex(/^$|^[^]{16}/, { error: 'It must have 16 characters or more' })
    .default('')
    .describe('Secret that signs the messages to the approval webhook (HMAC-SHA256)'),
  receiptKey: z
    .string()
    .regex(/^$|^[\w-]{43}$/, { error: 'It must be 32 bytes in base64url: 43 characters' })
    .default('')
    .describe('Key that signs receipts of approvals (Ed25519 seed); by default the key in the state folder'),
};
