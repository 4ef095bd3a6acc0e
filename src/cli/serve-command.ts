import { loadConfig } from '../config/config.ts';
import { missingProfile } from '../config/missing-profile.ts';
import type { Io } from './io.ts';
import { serveConfig } from './serve-config.ts';

/** `serve`: MCP on stdio or over HTTP. */
export const serve = async (settings: Record<string, unknown>, io: Io): Promise<number> => {
  const read = () => loadConfig(settings, io.env);
  const config = await read();
  if (!config.profiles[config.profile]) throw missingProfile(config, config.profile);
  return serveConfig(config, io, read);
};
