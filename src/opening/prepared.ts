import type { PreparedConfig } from '../config/plain-config.ts';

/** What is true of every server that lists the compact tools for one profile, as JSON text. */
export interface PreparedOpening {
  /** Results of `initialize` by the protocol version that was asked for. */
  initialize: Readonly<Record<string, string>>;
  /** Result of `tools/list` after it. */
  list: string;
  /** Results of the requests that name their protocol version themselves, by that and by method. */
  stateless: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Settings that change none of this, by variable: what is a right value of each. */
  settings: Readonly<Record<string, PreparedSetting>>;
  /** The configuration of a start that sets no others. */
  config: PreparedConfig;
}

/** What a variable's text may be, as far as it can be told without reading the configuration. */
export type PreparedSetting = 'text' | 'flag' | readonly string[] | { minimum: number; maximum: number };

/** The prepared answers. The build puts in place of this file one that reads them; before it there are none. */
export const loadPrepared = (): PreparedOpening | undefined => undefined;
