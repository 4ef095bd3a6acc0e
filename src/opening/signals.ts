/**
 * What stops a program, and what has it read its configuration again. On Windows closing the window is SIGHUP, which ends the
 * program within seconds whatever it does, and Ctrl+Break is SIGBREAK: https://nodejs.org/api/process.html#signal-events.
 */
export const signalsOf = (
  platform: NodeJS.Platform,
): { stop: readonly NodeJS.Signals[]; reload: readonly NodeJS.Signals[] } =>
  platform === 'win32'
    ? { stop: ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP'], reload: [] }
    : { stop: ['SIGINT', 'SIGTERM'], reload: ['SIGHUP'] };
