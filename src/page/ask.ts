import { appView, callCommand, callTool, type ToolAnswer } from './bridge.ts';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** What the server says went wrong, and what to do next. */
export class AskError extends Error {
  override readonly name = 'AskError';
  readonly kind: string;
  readonly hint: string;

  constructor({ kind = 'failed', message = 'Something went wrong.', hint = '' }: Partial<Record<string, string>>) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}

/** Sent to the window when the session has ended. */
export const signedOut = 'signed-out';

/** The risks of tools that were described: what is not a read, the host makes as a tool of the model's. */
const risks = new Map<string, string>();

/** What a tool gave through a host, as the page would have it. Throws an AskError. */
export const toShown = ({ content = [], structuredContent = {}, isError }: ToolAnswer): Record<string, unknown> => {
  const text = content.map((part) => part.text ?? '').join('\n');
  const { error, items, item } = structuredContent;
  if (isError || error) throw new AskError(error ?? { message: text });
  const rows = (items ?? (item ? [item] : [])) as ShownRow[];
  const columns = Object.keys(rows[0] ?? {}).filter((column) => typeof rows[0]![column] !== 'object');
  return { text, rows, columns, ...structuredContent };
};

/** The same question through the host of an MCP App. */
const askHost = async (name: string, body: Record<string, unknown>): Promise<Record<string, unknown>> => {
  const { tool, args, profile, dryRun } = body;
  const risk = risks.get(String(tool)) ?? 'read';
  try {
    if (name === 'call' && !dryRun && risk !== 'read')
      return toShown(await callCommand(String(tool), risk, args, profile));
    const answer = toShown(await callTool('view', { question: name, body }));
    if (name === 'describe') risks.set(String(answer['tool']), String(answer['risk']));
    return answer;
  } catch (error) {
    throw error instanceof AskError ? error : new AskError({ message: String(error) });
  }
};

/** Asks the server one question of the page. Throws an AskError. */
export const ask = async <T>(name: string, body: unknown = {}, signal?: AbortSignal): Promise<T> => {
  if (appView !== undefined) return (await askHost(name, body as Record<string, unknown>)) as T;
  const response = await fetch(`/page/api/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-cloudstack-page': '1' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
    redirect: 'error',
    ...(signal ? { signal } : {}),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new AskError({ kind: 'unavailable', message: 'The server does not answer.', hint: 'Is it still running?' });
  });
  // The server's own JSON; each caller says what it asked for.
  const value = (await response.json().catch(() => ({ error: {} }))) as T & { error?: Record<string, string> };
  if (response.status === 401 && name !== 'sign-in') window.dispatchEvent(new Event(signedOut));
  if (value.error) throw new AskError(value.error);
  return value;
};

/** What may have changed: a view asks again. */
export type LiveTopic = 'calls' | 'jobs' | 'approvals';

/** Milliseconds after which a stream of events that has ended is opened again. */
const reopenMs = 5000;

/** Hears of changes until it is stopped; each becomes an event of the window. */
export const openLive = (): (() => void) => {
  const stop = new AbortController();
  const read = async (): Promise<void> => {
    const response = await fetch('/page/api/live', {
      method: 'POST',
      headers: { 'x-cloudstack-page': '1' },
      credentials: 'same-origin',
      redirect: 'error',
      signal: stop.signal,
    });
    if (response.status === 401) window.dispatchEvent(new Event(signedOut));
    if (!response.ok || !response.body) return;
    let rest = '';
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const [, topic] = /^event: (\w+)$/.exec(line) ?? [];
        if (topic !== undefined) window.dispatchEvent(new Event(`live-${topic}`));
      }
    }
  };
  const go = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await read().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, reopenMs));
    }
  };
  void go();
  return () => stop.abort();
};

/** The answer to a question, as a view shows it while it comes and when it has come. */
export interface Inquiry<T> {
  data: T | undefined;
  error: AskError | undefined;
  isLoading: boolean;
  reload: () => void;
}

/** Of many changes in a moment, the first is seen at once and the last soon after. */
const minGapMs = 500;

/** Asks when the view opens, when the question changes, every so many milliseconds, and when one of these changes. An undefined name asks nothing. */
export const useAsk = <T>(
  name: string | undefined,
  body: unknown = {},
  everyMs?: number,
  ...live: readonly LiveTopic[]
): Inquiry<T> => {
  const [state, setState] = useState<Omit<Inquiry<T>, 'reload'>>({
    data: undefined,
    error: undefined,
    isLoading: true,
  });
  const [turn, setTurn] = useState(0);
  const text = JSON.stringify(body);
  const question = useRef('');
  useEffect(() => {
    if (name === undefined) return;
    const stop = new AbortController();
    const isSame = question.current === name + text;
    question.current = name + text;
    setState((old) => ({ ...old, ...(isSame ? {} : { data: undefined }), isLoading: true }));
    ask<T>(name, JSON.parse(text), stop.signal).then(
      (data) => setState({ data, error: undefined, isLoading: false }),
      (error: unknown) => {
        if (!stop.signal.aborted && error instanceof AskError) setState({ data: undefined, error, isLoading: false });
      },
    );
    return () => stop.abort();
  }, [name, text, turn]);
  const reload = useCallback(() => setTurn((old) => old + 1), []);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const onChange = (): void => {
      clearTimeout(timer);
      const wait = Math.max(0, last + minGapMs - Date.now());
      timer = setTimeout(() => {
        last = Date.now();
        reload();
      }, wait);
    };
    for (const topic of live) addEventListener(`live-${topic}`, onChange);
    return () => {
      clearTimeout(timer);
      for (const topic of live) removeEventListener(`live-${topic}`, onChange);
    };
  }, [live.join(' '), reload]);
  return { ...state, reload };
};

/** A row of the cloud: its values as they came. */
export type ShownRow = Record<string, unknown>;

/** What a call gives back. */
export interface CallAnswer {
  text: string;
  columns: string[];
  rows: ShownRow[];
  /** The rows' columns in words. */
  cells?: string[][];
  /** The fields of one object in words. */
  entries?: [string, string][];
  count?: number;
  next?: unknown;
  job?: { id: string; status: string };
  preview?: Record<string, unknown>;
}

/** One value in a line. */
export const inWords = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};
