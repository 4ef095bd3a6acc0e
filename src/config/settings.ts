import * as z from 'zod';
import { approvalSettings } from './approvals.ts';
import { auditSettings } from './audit.ts';
import { cacheSettings } from './cache.ts';
import { callSettings } from './call.ts';
import { cloudSettings } from './cloud.ts';
import { generalSettings } from './general.ts';
import { httpSettings } from './http.ts';
import { scriptSettings } from './script.ts';
import { storeSettings } from './store.ts';
import { telemetrySettings } from './telemetry.ts';

/**
 * The table of settings: one entry is a name with its values, its default and its description. The flag, the variable, the
 * key in the file, the help and the documents follow from it.
 */
export const settings = z.strictObject({
  ...generalSettings,
  ...cloudSettings,
  ...callSettings,
  ...scriptSettings,
  ...auditSettings,
  ...approvalSettings,
  ...cacheSettings,
  ...storeSettings,
  ...httpSettings,
  ...telemetrySettings,
});

/** Every setting with its value, defaults filled in. */
export type Settings = z.output<typeof settings>;

/** Settings that hold a secret: in a variable, `…_FILE` or the file, but no flag, which every user of the machine sees. */
export const secretSettings: ReadonlySet<string> = new Set([
  ...Object.keys(storeSettings),
  ...Object.keys(approvalSettings),
]);

/** Settings that only `serve` has flags for. */
export const serveSettings: ReadonlySet<string> = new Set([
  ...Object.keys(httpSettings),
  ...Object.keys(cacheSettings),
  ...Object.keys(telemetrySettings),
]);

/** The environment variable of a setting. */
export const envNameOf = (setting: string): string =>
  setting === 'timeout' ? 'CLOUDSTACK_TIMEOUT' : `CLOUDSTACK_MCP_${setting.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/** The flag of a setting. */
export const flagOf = (setting: string): string =>
  `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
