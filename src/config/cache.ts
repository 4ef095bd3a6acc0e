import * as z from 'zod';

const flag = z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] }).or(z.boolean());
const whole = z.coerce.number().int().min(1);
// Generations of the shared store are told for a day.
const seconds = whole.max(43_200);

/** The settings of the cache: what is kept for how long, how much of it, and how often it is compared with the cloud. */
export const cacheSettings = {
  cache: flag.default(true).describe('Keep what reads answer, until something changes it or its time is over'),
  cacheLists: seconds.default(300).describe('Seconds to keep lists of machines, volumes, networks and the like'),
  cacheInfrastructure: seconds
    .default(900)
    .describe('Seconds to keep lists of zones, pods, clusters, hosts, storage and system VMs'),
  cacheConfiguration: seconds.default(1800).describe('Seconds to keep lists of offerings, OS types and capabilities'),
  cacheSize: whole.default(64).describe('MiB that kept answers may take'),
  cacheFollow: z.coerce
    .number()
    .int()
    .min(15)
    // A timer that is set for much longer rings at once, again and again.
    .max(43_200)
    .default(15)
    .describe('Seconds between two looks at the events of the cloud, for changes made elsewhere; 15 at least'),
};
