import { isRecord } from '../rows.ts';

/** What runs on a connection without the SDK, so that it can be cancelled. */
export interface Running {
  has(id: unknown): boolean;
  /** Runs something under the id of its request; the signal is aborted when that is cancelled. */
  run<T>(id: string | number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Whether a `notifications/cancelled` was about something here. */
  cancel(message: unknown): boolean;
  /** Ends what still runs. */
  close(): void;
}

/** Nothing runs yet. */
export const createRunning = (): Running => {
  const controllers = new Map<unknown, AbortController>();
  return {
    has: (id) => controllers.has(id),
    run: async (id, work) => {
      const controller = new AbortController();
      controllers.set(id, controller);
      try {
        return await work(controller.signal);
      } finally {
        if (controllers.get(id) === controller) controllers.delete(id);
      }
    },
    cancel: (message) => {
      const params = isRecord(message) && message['method'] === 'notifications/cancelled' ? message['params'] : {};
      const { requestId, reason } = isRecord(params) ? params : {};
      const controller = controllers.get(requestId);
      controller?.abort(reason);
      return controller !== undefined;
    },
    close: () => {
      for (const controller of controllers.values()) controller.abort();
    },
  };
};
