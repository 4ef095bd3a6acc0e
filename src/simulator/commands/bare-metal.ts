import type { Behaviours } from '../rules/call.ts';
import { addHost } from '../rules/hosts.ts';

/** Bare metal and UCS. */
export const bareMetal: Behaviours = {
  addBaremetalHost: addHost,
};
