import type { Client } from '@modelcontextprotocol/client';

/** A tool's result as tests read it. */
export interface ToolResult {
  isError?: boolean;
  text: string;
  structured: Record<string, any>;
}

/** Calls tools of a client; `onprogress` takes the messages of those that run long. */
export const createCall =
  (client: Client, onprogress?: (message: string) => void) =>
  async (
    name: string,
    args: Record<string, unknown> = {},
    options: { signal?: AbortSignal } = {},
  ): Promise<ToolResult> => {
    const result = (await client.callTool(
      { name, arguments: args },
      {
        // The client's own is a minute: on a busy machine the test's comes first.
        timeout: 600_000,
        ...options,
        ...(onprogress
          ? { onprogress: ({ message }: { message?: string | undefined }) => onprogress(message ?? '') }
          : {}),
      },
    )) as { isError?: boolean; content: { text: string }[]; structuredContent?: Record<string, unknown> };
    return {
      ...(result.isError ? { isError: true } : {}),
      text: result.content.map(({ text }) => text).join('\n'),
      structured: result.structuredContent ?? {},
    };
  };
