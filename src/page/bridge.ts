/** The view of an MCP App that this document is, where a host shows it: said by the server that made it. */
export const appView = document.documentElement.dataset['app'];
/** Commands are tools of their own there. */
const isDirect = document.documentElement.dataset['direct'] !== undefined;

/** What a tool gave, as MCP has it. */
export interface ToolAnswer {
  content?: { type: string; text?: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** What the host tells a view of: SEP-1865. */
export interface HostEvents {
  onInput: (args: Record<string, unknown>) => void;
  onResult: (result: ToolAnswer) => void;
}

interface Pending {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

interface HostMessage {
  jsonrpc?: string;
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { message?: string };
}

const waiting = new Map<number | string, Pending>();
let lastId = 0;

const post = (message: object): void => parent.postMessage({ jsonrpc: '2.0', ...message }, '*');

const request = <T>(method: string, params: object): Promise<T> =>
  new Promise((resolve, reject) => {
    const id = ++lastId;
    waiting.set(id, { resolve, reject });
    post({ id, method, params });
  });

const themeOf = (context: unknown): void => {
  const { theme } = (context ?? {}) as { theme?: string };
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset['theme'] = theme;
};

/** Calls a tool of this server through the host, which may ask the user about it. */
export const callTool = (name: string, args: object): Promise<ToolAnswer> =>
  request('tools/call', { name, arguments: args });

/** Calls a command by the tool of its risk. */
export const callCommand = (tool: string, risk: string, args: unknown, profile: unknown): Promise<ToolAnswer> => {
  const of = profile === undefined ? {} : { profile };
  if (isDirect) return callTool(tool, { ...(args as object), ...of });
  return callTool(risk === 'destroy' ? 'destroy' : 'change', { tool, arguments: args, ...of });
};

/** Opens the talk with the host, which then tells what the tool was given and what it gave. */
export const openBridge = async ({ onInput, onResult }: HostEvents): Promise<void> => {
  addEventListener('message', ({ source, data }: MessageEvent<HostMessage | undefined>) => {
    // Any window may send messages; the host is the one around this document.
    if (source !== parent || data?.jsonrpc !== '2.0') return;
    const { id, method, params = {}, result, error } = data;
    if (method === undefined) {
      const answer = id === undefined ? undefined : waiting.get(id);
      if (id !== undefined) waiting.delete(id);
      if (error) answer?.reject(new Error(error.message ?? 'The host refused it.'));
      else answer?.resolve(result as never);
    } else if (id !== undefined) post({ id, result: {} });
    else if (method === 'ui/notifications/tool-input') onInput((params['arguments'] ?? {}) as Record<string, unknown>);
    else if (method === 'ui/notifications/tool-result') onResult(params);
    else if (method === 'ui/notifications/host-context-changed') themeOf(params);
  });
  const { hostContext } = await request<{ hostContext?: unknown }>('ui/initialize', {
    appInfo: { name: 'cloudstack', version: '1' },
    appCapabilities: {},
    protocolVersion: '2026-01-26',
  });
  themeOf(hostContext);
  post({ method: 'ui/notifications/initialized', params: {} });
  new ResizeObserver(() => {
    const { scrollWidth: width, scrollHeight: height } = document.documentElement;
    post({ method: 'ui/notifications/size-changed', params: { width, height } });
  }).observe(document.body);
};
