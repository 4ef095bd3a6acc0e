/** What keeps a list fresh beside calls. */
export interface Renewal {
  /** A call was answered: for some time others may follow. */
  onUse(): void;
  close(): void;
}

/** Milliseconds between two renewals: shorter than the list is believed. */
const intervalMs = 45_000;
/** Milliseconds after the last call for which the list is kept fresh. */
const usedMs = 900_000;

/**
 * Renews the list of what has the protecting tag beside calls, from the first one on and as long as the server is used: no
 * confirmation has to wait for it. What a change of tags took away is listed again at once.
 */
export const createRenewal = (renew: () => Promise<void>, isListed: () => boolean): Renewal => {
  let timer: NodeJS.Timeout | undefined;
  let usedAt = 0;
  let failedAt = -Infinity;
  let running: Promise<void> | undefined;
  const tick = (): void => {
    // Without the list a confirmation asks for it itself.
    running ??= renew()
      .catch(() => undefined)
      .then(() => {
        running = undefined;
        if (!isListed()) failedAt = Date.now();
      });
  };
  const close = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const onInterval = (): void => {
    if (Date.now() - usedAt > usedMs) close();
    else tick();
  };
  return {
    onUse: () => {
      usedAt = Date.now();
      const isFirst = timer === undefined;
      timer ??= setInterval(onInterval, intervalMs).unref();
      // After the call: it may have changed tags, and is not to wait.
      setImmediate(() => {
        if (timer && (isFirst || (!isListed() && Date.now() - failedAt >= intervalMs))) tick();
      });
    },
    close,
  };
};
