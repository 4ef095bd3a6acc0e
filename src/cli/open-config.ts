import { loadConfig, type Config } from '../config/config.ts';
import { printText, type Io } from './io.ts';

/** The configuration of a command; what is unsafe about it goes to standard error, a line each. */
export const openConfig = async (settings: Record<string, unknown>, io: Io): Promise<Config> => {
  const config = await loadConfig(settings, io.env);
  for (const warning of config.warnings) await printText(io.stderr, `Warning: ${warning}`);
  return config;
};
