import * as z from 'zod';

/** The settings of the audit log. Empty texts stand for places in the XDG state folder. */
export const auditSettings = {
  state: z
    .string()
    .default('')
    .describe(
      'Folder for the audit log, calls that wait for approval, and counters of limits; default: the XDG state folder',
    ),
  audit: z
    .string()
    .default('')
    .describe('Audit log: a file, stderr, syslog[:host:port], otlp, or several, comma-separated; default: audit.jsonl'),
  auditRotate: z.coerce.number().positive().default(50).describe('Size at which the audit file is rotated (MiB)'),
};

/** The settings of the audit log, as they were read. */
export type AuditSettings = z.output<z.ZodObject<typeof auditSettings>>;
