import type { World } from '../world/world.ts';

/** Kinds of alert that the simulator raises by itself, by CloudStack's numbers. */
const alarms = { host: [7, 'COMPUTE.HOST'], machine: [8, 'USERVM'], publicIp: [4, 'NETWORK.PUBLICIP'] } as const;

/** Writes an alert for administrators. */
export const raise = (world: World, kind: keyof typeof alarms, description: string): void => {
  const [type, name] = alarms[kind];
  world.insert('Alert', { type, name: `ALERT.${name}`, description, sent: world.now() });
};
