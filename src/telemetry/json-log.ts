import { pino, stdTimeFunctions } from 'pino';
import { escapeUnsafe } from '../text.ts';
import { version } from '../version.ts';
import type { Level, Log, LogFacts } from './log.ts';

/** A log for collectors: one JSON object a line, with `level`, `time` (ISO 8601), `msg` and facts. */
export const createJsonLog = (stream: { write(text: string): unknown }, level: Level): Log => {
  const logger = pino(
    {
      level,
      base: { service: 'cloudstack-mcp-server', version, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void stream.write(escapeUnsafe(line)) },
  );
  const write = (at: Level, message: string, facts: LogFacts = {}): void => logger[at](facts, message);
  return { report: write, record: write };
};
