import { readPlainConfig, type PreparedConfig } from '../config/plain-config.ts';
import type { Io } from './io.ts';
import { serveConfig } from './serve-config.ts';

/** `serve` with variables alone, which were looked at before: without the command line and the schemas of settings. */
export const servePlain = (argv: readonly string[], io: Io, prepared: PreparedConfig): Promise<number> => {
  const isSimulated = argv.includes('--simulator');
  return serveConfig(readPlainConfig(io.env, isSimulated, prepared), io, async () => {
    const { loadConfig } = await import('../config/config.ts');
    return loadConfig(isSimulated ? { simulator: true } : {}, io.env);
  });
};
