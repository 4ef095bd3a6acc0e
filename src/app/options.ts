import type { LineStream } from '../audit/stream-ledger.ts';
import type { Transport } from '../cloudstack/transport.ts';
import type { Observe, Tracing } from '../observe.ts';
import type { Store } from '../store/store.ts';

/** What an app needs from the process it runs in. */
export interface AppOptions {
  stderr: LineStream;
  /** Replaces the network, for tests. */
  transport?: Transport;
  /** Goes on after a call: worth caching answers for, if the configuration wants that. */
  cache?: boolean;
  /** Instead of the store of the configuration: what processes of one machine share, or a test's. */
  store?: Store;
  /** Receives the observations; none by default. */
  observe?: Observe | undefined;
  /** Loads what traces calls, with the first of them. */
  tracing?: (() => Promise<Tracing>) | undefined;
  /** Reports to the operator of the server; on standard error by default. */
  report?: ((message: string) => void) | undefined;
}

/** The same, once a call needs the rest of the server: tracing is loaded, and there is a place for messages. */
export interface ComposeOptions extends Omit<AppOptions, 'tracing' | 'report'> {
  tracing?: Tracing | undefined;
  /** Called when a cloud offers other commands than it was thought to. */
  onCatalogChange: () => void;
  report: (message: string) => void;
}
