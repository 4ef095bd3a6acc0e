import { envelope, yes } from '../load/host.ts';

/** What a replica says to one request of the new era. */
export interface Output {
  status: number;
  /** `ok`, `asked`, or the kind of the error. */
  kind: string;
  requestState?: string | undefined;
  message: string;
}

interface Answer {
  error?: { code: number; message: string };
  result?: {
    isError?: boolean;
    resultType?: string;
    requestState?: string;
    inputRequests?: Record<string, { params: { message: string } }>;
    structuredContent?: { error?: { kind: string; message: string } };
  };
}

/** Calls a tool at one replica, in one request: without what a client does by itself. */
export const ask = async (origin: string, token: string, call: { name: string }): Promise<Output> => {
  const response = await fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': call.name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...call, _meta: envelope } }),
  });
  const { status } = response;
  const { error, result } = (await response.json()) as Answer;
  if (error) return { status, kind: `rpc-${error.code}`, message: error.message };
  if (result?.resultType === 'input_required') {
    const { confirm } = result.inputRequests ?? {};
    return { status, kind: 'asked', requestState: result.requestState, message: confirm?.params.message ?? '' };
  }
  const failed = result?.structuredContent?.error;
  return { status, kind: result?.isError ? (failed?.kind ?? 'error') : 'ok', message: failed?.message ?? '' };
};

/** The same call with a yes to what was asked. */
export const withYes = <T extends object>(call: T, { message, requestState }: Output): T => ({
  ...call,
  inputResponses: { confirm: yes(message) },
  requestState,
});
