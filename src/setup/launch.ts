import { dirname, join, resolve } from 'node:path';
import type { System } from './system.ts';

/** The program as it runs: the file of Node and the script, absolute. */
export interface Program {
  node: string;
  script: string;
}

/**
 * How a host starts this program: as it was started now, since hosts do not see the paths of a shell. Out of the cache of
 * npx, which may be emptied, it is started through npx.
 */
export const launchOf = (
  { node, script }: Program,
  { platform }: Pick<System, 'platform'>,
): { command: string; args: string[] } => {
  if (!/[\\/]_npx[\\/]/.test(script)) return { command: node, args: [resolve(script)] };
  const npx = ['-y', 'cloudstack-mcp-server'];
  // Node starts no .cmd without a shell, and neither do hosts that are made with it.
  return platform === 'win32'
    ? { command: 'cmd', args: ['/c', 'npx', ...npx] }
    : { command: join(dirname(node), 'npx'), args: npx };
};
