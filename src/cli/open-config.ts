import { loadConfig, type Config } from '../config/config.ts';
import { printLine, type Io } from './io.ts';

/** The configuration of a command; what is unsafe about it goes to standard error, a line each. */
export const openConfig = async (settings: Record<string, unknown>, io: Io): Promise<Config> => {
  const config = await loadConfig(settings, io.env);
  for (const warning of config.warnings) await printLine(io.stderr, `Warning: ${warning}`);
  return config;
};
