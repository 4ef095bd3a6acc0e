/** An HTTP error with a JSON-RPC error in it, as MCP clients read it. `close`: the connection is of no further use. */
export const rpcError = (status: number, code: number, message: string, close = false): Response =>
  Response.json(
    { jsonrpc: '2.0', error: { code, message }, id: null },
    { status, headers: close ? { connection: 'close' } : {} },
  );

/** Come back in so many seconds. */
export const laterError = (status: 429 | 503, message: string, seconds: number, close = false): Response => {
  const response = rpcError(status, -32_000, message, close);
  response.headers.set('retry-after', String(seconds));
  return response;
};

/** Tells when an answer has been given whole, or its client has gone: at once, or at the end of a stream. */
export const whenAnswered = (response: Response, tell: () => void): Response => {
  let told = false;
  const answered = (): void => {
    if (!told) tell();
    told = true;
  };
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
    answered();
    return response;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          answered();
          controller.close();
        } catch (error) {
          answered();
          controller.error(new Error('the stream broke', { cause: error }));
        }
      },
      cancel: async (reason) => {
        answered();
        await reader.cancel(reason).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const { status, headers } = response;
  return new Response(body, { status, headers });
};
