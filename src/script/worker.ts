import variant from '@jitl/quickjs-wasmfile-release-sync';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSDeferredPromise,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core';
import { askRows } from '../ask/ask-rows.ts';
import { installGlobals } from './guest.ts';
import { scriptFile, type ScriptFailure, type SandboxData, type SandboxEnd, type SandboxReply } from './protocol.ts';
import { ownThread, threadTime } from './thread-time.ts';

/** Characters of what a script prints, and of what it returns. */
const maxPrinted = 64 * 1024;
const maxResult = 2 ** 20;
/** Characters of one call, and of rows that are asked about. */
const maxText = 2 ** 22;
/** Bytes of the stack inside of QuickJS. */
const maxStack = 256 * 1024;
/** Callbacks of promises that run before the clock is looked at. */
const jobsAtOnce = 1000;

// A worker thread is started with what sandbox.ts gives it.
const data = workerData as SandboxData;
const port = parentPort!;

const clock = new Float64Array(data.clock);
const thread = ownThread();
clock[2] = thread;
// On Linux a thread has a priority of its own: others come first. Elsewhere the system shares its time out as it does.
if (thread) setPriority(thread, 10);

/** Time in which QuickJS runs, and no other. */
const timed = <T>(run: () => T): T => {
  const begun = threadTime(thread);
  clock[1] = begun;
  try {
    return run();
  } finally {
    clock[0]! += threadTime(thread) - begun;
    clock[1] = 0;
  }
};

/** Milliseconds between two looks at the time: the system is asked for it. */
const lookMs = 10;
let looked = 0;
const isOver = (): boolean => {
  const now = performance.now();
  if (now - looked < lookMs) return false;
  looked = now;
  return clock[0]! + threadTime(thread) - clock[1]! > data.computeMs;
};

const printed: string[] = [];
let printedLength = 0;
const print = (text: string): void => {
  if (printedLength >= maxPrinted) return;
  printed.push(text.slice(0, maxPrinted - printedLength));
  printedLength += text.length;
  if (printedLength >= maxPrinted) printed.push('(the rest of what the script printed is left out)');
};
const end = (ending: { result: string | undefined } | { failure: ScriptFailure }): void => {
  const message: SandboxEnd =
    'failure' in ending ? { type: 'failed', ...ending, printed } : { type: 'done', ...ending, printed };
  port.postMessage(message);
  port.close();
};

/** A text of the script's, unless it is too long. Throws into the script. */
const readText = (context: QuickJSContext, handle: QuickJSHandle | undefined, max: number): string => {
  if (!handle || context.typeof(handle) !== 'string') throw new Error('a text is needed here');
  const length = context.getProp(handle, 'length').consume((one) => context.getNumber(one));
  if (length > max)
    throw new Error(
      `more than ${max} characters at once; ask a list for fewer fields, such as {fields: ["id", "name"]}`,
    );
  return context.getString(handle);
};

/** What was thrown, as words and a line. */
const readFailure = (context: QuickJSContext, thrown: QuickJSHandle): ScriptFailure => {
  const thrownValue: unknown = context.dump(thrown);
  const error =
    typeof thrownValue === 'object' && thrownValue !== null
      ? (thrownValue as Record<string, unknown>)
      : { message: thrownValue };
  const { name, message, stack, call } = error;
  const isOver = name === 'InternalError' && message === 'interrupted';
  const words = isOver
    ? `it computed for more than ${data.computeMs / 1000} s`
    : [name, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  const line = new RegExp(`${scriptFile}:(\\d+)`).exec(String(stack))?.[1];
  return {
    message: words.slice(0, 1000) || 'it threw a value that is not an Error',
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(typeof call === 'number' ? { call } : {}),
  };
};

// Its types are those of its CommonJS form; bundled is the other one.
const ownVariant = variant as unknown as QuickJSSyncVariant;
const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(ownVariant, { wasmModule: data.quickjs }));
// In WebAssembly, QuickJS cannot count what it takes: its memory grows no further instead, and it is told that there is none.
// A WebAssembly.Memory, of which Node's types know the name only.
const memory = quickjs.getWasmMemory() as { buffer: ArrayBuffer; grow(pages: number): number };
const maxBytes = memory.buffer.byteLength + data.memoryMiB * 2 ** 20;
const grow = memory.grow.bind(memory);
memory.grow = (pages: number): number => {
  if (memory.buffer.byteLength + pages * 2 ** 16 > maxBytes) throw new RangeError('the script has no memory left');
  return grow(pages);
};
const runtime = quickjs.newRuntime({ memoryLimitBytes: data.memoryMiB * 2 ** 20, maxStackSizeBytes: maxStack });
runtime.setInterruptHandler(isOver);
const context = runtime.newContext({
  intrinsics: {
    BaseObjects: true,
    Eval: true,
    StringNormalize: true,
    RegExp: true,
    RegExpCompiler: true,
    JSON: true,
    Proxy: true,
    MapSet: true,
    TypedArrays: true,
    Promise: true,
    BigInt: true,
  },
});

const pending = new Map<number, QuickJSDeferredPromise>();
let calls = 0;
const send = context.newFunction('send', (handle) => {
  const text = readText(context, handle, maxText);
  if (++calls > data.calls) throw new Error(`a script may make ${data.calls} calls`);
  const promise = context.newPromise();
  pending.set(calls, promise);
  port.postMessage({ type: 'call', id: calls, text });
  return promise.handle;
});
const askFunction = context.newFunction('ask', (operation, rows, words) => {
  const [what, over, how] = [operation, rows, words].map((one) => readText(context, one, maxText)) as [
    string,
    string,
    string,
  ];
  return context.newString(JSON.stringify(askRows(what, JSON.parse(over), how)));
});
const printFunction = context.newFunction('print', (handle) => {
  print(readText(context, handle, maxText));
});

/** Runs callbacks until none is left; undefined, or why the script is over. */
const runJobs = (): ScriptFailure | undefined => {
  for (;;) {
    const result = runtime.executePendingJobs(jobsAtOnce);
    if (result.error) return result.error.consume((thrown) => readFailure(context, thrown));
    if (isOver()) return { message: `it computed for more than ${data.computeMs / 1000} s` };
    if (!runtime.hasPendingJob()) return undefined;
  }
};

let finish: QuickJSHandle | undefined;
let main: QuickJSHandle | undefined;

/** Looks whether the script is over, after it has run for a while. */
const settle = (): void => {
  const failure = runJobs();
  if (failure) return end({ failure });
  const state = context.getPromiseState(main!);
  if (state.type === 'pending') {
    if (pending.size === 0) end({ failure: { message: 'it waits for a promise that never resolves' } });
    return;
  }
  if (state.type === 'rejected') return end({ failure: readFailure(context, state.error) });
  const text = context.callFunction(finish!, context.undefined, state.value);
  if (text.error) return end({ failure: { ...readFailure(context, text.error), line: undefined } });
  if (context.typeof(text.value) !== 'string') return end({ result: undefined });
  end({ result: readText(context, text.value, maxResult) });
};

/** Whatever goes wrong around QuickJS ends the script, not the server. */
const guarded = (run: () => void): void => {
  try {
    timed(run);
  } catch (error) {
    end({ failure: { message: error instanceof Error ? error.message : String(error) } });
  }
};

port.on('message', ({ id, isError, text }: SandboxReply) => {
  const promise = pending.get(id);
  pending.delete(id);
  if (!promise) return;
  guarded(() => {
    context.newString(text).consume((value) => (isError ? promise.reject(value) : promise.resolve(value)));
    settle();
  });
});

guarded(() => {
  const install = context.unwrapResult(context.evalCode(`(${installGlobals.toString()})`, 'sandbox'));
  const installed = context.callFunction(
    install,
    context.undefined,
    send,
    askFunction,
    printFunction,
    context.newString(data.inputs),
  );
  finish = context.unwrapResult(installed);
  // On one line with the script's first, so that lines keep their numbers.
  const begun = context.evalCode(`(async () => { ${data.code}\n})()`, scriptFile);
  if (begun.error) return end({ failure: begun.error.consume((thrown) => readFailure(context, thrown)) });
  main = begun.value;
  settle();
});
