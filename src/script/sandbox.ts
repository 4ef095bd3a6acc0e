import { Worker } from 'node:worker_threads';
import type { SandboxCall, SandboxData, SandboxEnd, SandboxReply } from './protocol.ts';
import { threadTime } from './thread-time.ts';
import { loadWorkerFile } from './worker-file.ts';

/** What one script is given, and how much it may take. */
export interface SandboxOptions {
  code: string;
  /** JSON. */
  inputs: string;
  memoryMiB: number;
  /** Milliseconds that it may compute. */
  computeMs: number;
  calls: number;
  /** Ends it at once. */
  signal: AbortSignal;
  /** Answers a call (JSON) with JSON; an error is told by its JSON, too. Never rejects. */
  onCall(id: number, text: string): Promise<Omit<SandboxReply, 'id'>>;
}

/** Milliseconds between two looks at how long a script has computed, beyond those at which it looks itself. */
const watchMs = 250;
/** Milliseconds after which a script that did not end itself is ended. */
const graceMs = 500;

// Node's types know the name only.
const { compile } = (
  globalThis as unknown as { WebAssembly: { compile(bytes: ArrayBuffer): Promise<WebAssembly.Module> } }
).WebAssembly;

// Compiled once; each thread is given the same code.
let loaded: Promise<{ url: URL; quickjs: WebAssembly.Module }> | undefined;
const load = async () => {
  const { url, wasm } = loadWorkerFile();
  return { url, quickjs: await compile(wasm) };
};

const failed = (message: string): SandboxEnd => ({ type: 'failed', failure: { message }, printed: [] });

/**
 * Runs a script in QuickJS, in a thread of its own that is gone with it: nothing of this process is in reach there but `onCall`.
 * Undefined where `signal` ended it.
 */
export const runInSandbox = async (options: SandboxOptions): Promise<SandboxEnd | undefined> => {
  const { signal, onCall, code, inputs, memoryMiB, computeMs, calls } = options;
  const { url, quickjs } = await (loaded ??= load());
  const clock = new SharedArrayBuffer(24);
  const times = new Float64Array(clock);
  const workerData: SandboxData = { quickjs, code, inputs, memoryMiB, computeMs, calls, clock };
  if (signal.aborted) return undefined;
  const worker = new Worker(url, {
    workerData,
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 64 + 2 * memoryMiB, maxYoungGenerationSizeMb: 16 },
  });
  const computed = (): number => {
    const [before = 0, begun = 0, thread = 0] = times;
    return before + (begun ? threadTime(thread) - begun : 0);
  };
  let watch: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<SandboxEnd | undefined>((resolve) => {
      watch = setInterval(() => {
        if (computed() > computeMs + graceMs) resolve(failed(`it computed for more than ${computeMs / 1000} s`));
      }, watchMs);
      onAbort = () => resolve(undefined);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.on('message', (message: SandboxCall | SandboxEnd) => {
        if (message.type !== 'call') return resolve(message);
        const { id, text } = message;
        void onCall(id, text).then((reply) => worker.postMessage({ id, ...reply } satisfies SandboxReply));
      });
      worker.on('error', (error: NodeJS.ErrnoException) =>
        resolve(
          failed(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `it took more than ${memoryMiB} MiB` : error.message),
        ),
      );
      worker.on('exit', () => resolve(failed('it ended without a result')));
    });
  } finally {
    clearInterval(watch);
    if (onAbort) signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
};
