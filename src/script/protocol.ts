/** What a sandbox is started with. */
export interface SandboxData {
  /** QuickJS, compiled. */
  quickjs: WebAssembly.Module;
  /** The script: the body of an asynchronous function. */
  code: string;
  /** JSON. */
  inputs: string;
  memoryMiB: number;
  computeMs: number;
  calls: number;
  /** Numbers of 8 bytes: milliseconds computed so far, when the current stretch began (0: none is), and of which thread (thread-time.ts). */
  clock: SharedArrayBuffer;
}

/** One call of a script, as it leaves the sandbox. */
export interface SandboxCall {
  type: 'call';
  id: number;
  /** JSON: `{command, args, view, line}`; in a plan also `{unknown, line}`, for what was looked at too early. */
  text: string;
}

/** How a script ended. */
export type SandboxEnd =
  /** `result`: JSON, undefined where nothing was returned. */
  | { type: 'done'; result: string | undefined; printed: readonly string[] }
  | { type: 'failed'; failure: ScriptFailure; printed: readonly string[] };

/** Why a script failed, in the words of what was thrown. */
export interface ScriptFailure {
  message: string;
  /** Line of the script, from 1. */
  line?: number | undefined;
  /** The number of the call whose error no one caught. */
  call?: number | undefined;
}

/** Fields of planned rows that are known only once their step is done, by the row's id. */
export type UnknownFields = Readonly<Record<string, { step: number; fields: readonly string[] }>>;

/** What goes into the sandbox: the answer to a call, as JSON of `{value, unknown}` or of its error. */
export interface SandboxReply {
  id: number;
  isError: boolean;
  text: string;
}

/** The name under which the script's lines are counted. */
export const scriptFile = 'script.js';
