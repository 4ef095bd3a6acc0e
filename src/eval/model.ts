/** What a model says next: words, and calls of tools. */
export interface Turn {
  text: string;
  calls: readonly { id: string; name: string; args: Record<string, unknown> }[];
  /** Tokens of this request as the endpoint counts them. */
  tokens?: number | undefined;
}

/** What was said so far. */
export type ChatMessage =
  | { role: 'user'; text: string }
  | { role: 'assistant'; turn: Turn }
  | { role: 'results'; results: readonly { id: string; text: string; isError: boolean }[] };

/** A tool as a model is told of it. */
export interface ToolOffer {
  name: string;
  description: string;
  inputSchema: object;
}

/** Whatever answers: an endpoint, or what was recorded. Throws a CallError where it cannot. */
export type Model = (conversation: {
  task: string;
  system: string;
  messages: readonly ChatMessage[];
  tools: readonly ToolOffer[];
  signal: AbortSignal;
}) => Promise<Turn>;
