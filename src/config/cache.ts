import type * as z from 'zod';
import { flag, seconds, wholeNumber } from './values.ts';

// The shared store keeps the versions of cached data for a day.
const lifetime = seconds(1, 43_200);

/** The settings of the cache. */
export const cacheSettings = {
  cache: flag.default(true).describe('Cache reads'),
  cacheLists: lifetime
    .default(300)
    .describe('Lifetime of cached lists of virtual machines, volumes, networks and similar resources (s)'),
  cacheInfrastructure: lifetime
    .default(900)
    .describe('Lifetime of cached lists of zones, pods, clusters, hosts, storage and system VMs (s)'),
  cacheConfiguration: lifetime
    .default(1800)
    .describe('Lifetime of cached lists of offerings, OS types and capabilities (s)'),
  cacheSize: wholeNumber(1).default(64).describe('Maximum size of the cache (MiB)'),
  cacheFollow: seconds(15, 43_200)
    .default(15)
    .describe("Interval at which the cloud's events are read to invalidate the cache (s); at least 15"),
};

/** The settings of the cache, as they were read. */
export type CacheSettings = z.output<z.ZodObject<typeof cacheSettings>>;
