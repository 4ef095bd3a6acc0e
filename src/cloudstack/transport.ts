/** An HTTP request to one fixed endpoint. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

/** What ends a request before its answer. A signal costs as much as signing does, and no connection needs one. */
export interface Stop {
  /** Why it is to end, once it is. */
  reason: Error | undefined;
  /** Called when it is to end. */
  onStop: (() => void) | undefined;
  /** The same as a signal. */
  signal(): AbortSignal;
}

/** A request that may go on until `end` is called. */
export const createStop = (): Stop & { end(reason?: Error): void } => {
  const stop: ReturnType<typeof createStop> = {
    reason: undefined,
    onStop: undefined,
    signal: () => {
      const controller = new AbortController();
      if (stop.reason) controller.abort(stop.reason);
      else stop.onStop = () => controller.abort(stop.reason);
      return controller.signal;
    },
    end: (reason) => {
      if (stop.reason) return;
      stop.reason = reason ?? new DOMException('The request was stopped', 'AbortError');
      stop.onStop?.();
    },
  };
  return stop;
};

/** An HTTP response, read whole; names of headers in lower case. */
export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** The code of an error that came before there was a connection to send on. */
export const notStarted = 'NOT_STARTED';
/** The code of an error of an answer that was too large to be read. */
export const tooLarge = 'ANSWER_TOO_LARGE';

/** The code of the error of a proxy that opened no connection to the endpoint. */
export const proxyRefused = 'PROXY_REFUSED';
/** The code of the error of a proxy that cannot be reached. */
export const proxyUnreachable = 'PROXY_UNREACHABLE';

/** Sends one request and reads the whole answer. Throws what the network threw; follows no redirect. */
export interface Transport {
  send(request: HttpRequest, stop: Stop): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** A transport over anything that answers a Request with a Response, such as the simulator in this process. */
export const createFetchTransport = (fetch: (request: Request) => Promise<Response>): Transport => ({
  send: async ({ method, url, headers, body }, stop) => {
    const response = await fetch(new Request(url, { method, headers, body: body ?? null, signal: stop.signal() }));
    const setCookie = response.headers.getSetCookie();
    return {
      status: response.status,
      headers: { ...Object.fromEntries(response.headers), ...(setCookie.length ? { 'set-cookie': setCookie } : {}) },
      body: await response.text(),
    };
  },
  close: () => Promise.resolve(),
});
