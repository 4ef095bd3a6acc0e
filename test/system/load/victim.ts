import type { Checks } from '../checks.ts';
import type { Host } from './host.ts';
import type { ServerProcess } from '../../support/process.ts';
import type { Stage } from './stage.ts';

/** What a case of exhaustion works on. */
export interface Victim {
  checks: Checks;
  stage: Stage;
  server: ServerProcess;
  /** A user who has nothing to do with it. */
  bystander: Host;
  /** The milliseconds until the bystander has an answer; undefined when it gets none in time. */
  probe: () => Promise<number | undefined>;
}

/** Small limits, so that they are reached soon; what they hold for does not depend on their size. */
export const limits = {
  maxSessions: 60,
  maxSessionsEach: 5,
  rateLimit: 600,
  maxInFlight: 16,
  bodyLimit: 1 << 20,
  requestTimeout: 2000,
  maxConnections: 1000,
};
