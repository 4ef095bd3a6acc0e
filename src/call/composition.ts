import type { Audit } from '../audit/audit.ts';
import type { CachedCloudStack } from '../cache/cached-client.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RoleType } from '../catalog/list-scope.ts';
import type { CloudStack } from '../cloudstack/cloudstack.ts';
import type { CallSettings } from '../config/call.ts';
import type { CloudSettings } from '../config/cloud.ts';
import type { Guard } from '../guard/guard.ts';
import type { Observe, Tracing } from '../observe.ts';
import type { RowCosts } from '../present/page.ts';
import type { Row } from '../rows.ts';
import type { Caller, CloudOrigin } from '../types.ts';

/** Whose credential a cloud is asked with. Name and domain are undefined where the cloud showed several accounts. */
export interface CallingAccount {
  role: RoleType;
  name: string | undefined;
  /** The domain's path, such as `ROOT/sub`; before CloudStack 4.19.2 its name. */
  domain: string | undefined;
  roleName: string | undefined;
  /** The account as the cloud showed it; without fields where it showed several. */
  row: Row;
}

/** One CloudStack as one credential sees it. */
export interface Cloud {
  /** Its commands as far as they are known now. */
  catalog: Catalog;
  /**
   * Whether the catalog is what the cloud said it offers: all of it, all that could be read, what it said at an earlier start,
   * or nothing (not yet, not at all, not asked), so that every known command is offered.
   */
  discovery: 'done' | 'partial' | 'saved' | 'pending' | 'failed' | 'off';
  /** The same once the cloud has said what it offers; `asked`: now, not at an earlier start. Never rejects. */
  discover(options?: { asked: boolean }): Promise<Pick<Cloud, 'catalog' | 'discovery'>>;
  cloudstack: CloudStack;
  /** Sends as `cloudstack` does; a read may be answered from the cache. */
  send: CachedCloudStack['send'];
  origin: CloudOrigin;
  /** Whose credential it is; undefined where that could not be told. Asked once, with `fresh` again, with `isKnownOnly` never. */
  account(options?: { fresh?: boolean; isKnownOnly?: boolean }): Promise<CallingAccount | undefined>;
}

/** The clouds of the configuration's profiles. */
export interface Clouds {
  /** The cloud of a profile. Throws a CallError for a profile that does not exist. */
  open(profile: string): Promise<Cloud>;
  /** Host and port of a profile's cloud, or `the embedded simulator`; undefined for a profile that does not exist. */
  hostOf(profile: string): string | undefined;
}

/** What is remembered of jobs after the call that began them. */
export interface Jobs {
  /** Notes who began a job: CloudStack tells only whose key it was. */
  add(caller: Caller, job: string): Promise<void>;
  isOf(caller: Caller, job: string): Promise<boolean>;
  /** The secrets that a job which goes on was given: its error may repeat them later. */
  addSecrets(job: string, secrets: readonly string[]): void;
  secretsOf(job: string): readonly string[];
}

/** Who follows calls: metrics, and traces. */
export interface Observer {
  observe?: Observe | undefined;
  tracing?: Tracing | undefined;
}

/** What the path is made of; src/app puts it together once. */
export interface Composition {
  clouds: Clouds;
  /** Replaced as a whole when the configuration is read again. */
  guard: Guard;
  audit: Audit;
  jobs: Jobs;
  observer: Observer;
  limits: CallSettings & Pick<CloudSettings, 'callTimeout'>;
  /** What rows of lists were seen to cost. */
  rowCosts: RowCosts;
}
