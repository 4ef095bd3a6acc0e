import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp, type App } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openRaw, type Raw } from '../guard/raw.ts';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

// What scripts try in order to get out of their sandbox, to stop the server or to fill it. Each ends, nothing of it is seen
// outside, and others are answered meanwhile.

const trace = join(tmpdir(), `cloudstack-mcp-escaped-${process.pid}`);
const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-escapes-'));
/** Leaves a trace of itself wherever it runs with Node's own things in reach. */
const payload = `(() => { const g = globalThis; g.escaped = 1; if (typeof process === "undefined") return undefined; process.env.ESCAPED = "1"; process.getBuiltinModule("fs").writeFileSync(${JSON.stringify(trace)}, "x"); return "escaped"; })()`;
const asText = JSON.stringify(`return ${payload}`);

/** Names of the world outside: none is there, however it is asked for. */
const outside = [
  ...['process', 'require', 'module', 'exports', '__dirname', '__filename', 'Buffer', 'global', 'window', 'self'],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'Worker', 'importScripts', 'parentPort', 'workerData'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance', 'WebAssembly', 'console', 'Deno', 'Bun'],
  ...['std', 'os', 'bjson', 'scriptArgs', 'navigator', 'localStorage', 'structuredClone', 'MessageChannel'],
];

/** Ways to code that runs elsewhere: expressions that would give what the payload gives. */
const chains: string[] = [
  `await cloudstack.constructor.constructor(${asText})()`,
  `where.constructor(${asText})()`,
  `print.constructor(${asText})()`,
  `cloudstack.listZones.constructor(${asText})()`,
  `inputs.constructor.constructor(${asText})()`,
  `[].constructor.constructor(${asText})()`,
  `await (async () => {}).constructor(${asText})()`,
  `Object.getPrototypeOf(function* () {}).constructor(${asText})().next().value`,
  `(await Object.getPrototypeOf(async function* () {}).constructor(${asText})().next()).value`,
  `Reflect.construct(Function, [${asText}])()`,
  `(0, eval)(${JSON.stringify(payload)})`,
  `eval(${JSON.stringify(payload)})`,
  `cloudstack.listZones().constructor.constructor(${asText})()`,
  `await cloudstack.frobnicate().catch((e) => e.constructor.constructor(${asText})())`,
  `(() => { try { where([], "((") } catch (e) { return e.constructor.constructor(${asText})() } })()`,
  `(() => { try { null.x } catch (e) { return Object.getPrototypeOf(e).constructor.constructor(${asText})() } })()`,
  `(() => { Error.prepareStackTrace = (_e, sites) => sites; return new Error().stack[0].getThis?.() })()`,
  `(function () { return arguments.callee.caller?.constructor(${asText})() })()`,
  `await import("node:fs")`,
  `await import("fs")`,
  `await eval('import("node:child_process")')`,
  `await Function('return import("node:os")')()`,
  `new Proxy(where, { apply: (f) => f.constructor(${asText})() })()`,
  `Function.prototype.call.call(Function, null, ${asText})()`,
  `JSON.parse.constructor(${asText})()`,
  `Symbol.for("nodejs.util.inspect.custom").constructor.constructor(${asText})()`,
];

/** Games with what the sandbox and the server share: texts only. What they give is of no matter. */
const games: string[] = [
  'Object.prototype.escaped = 1; return await cloudstack.listZones()',
  'Object.prototype.toJSON = function () { return { escaped: 1 } }; return await cloudstack.listZones()',
  'Array.prototype.map = () => { throw 1 }; return await cloudstack.listZones()',
  'Promise.prototype.then = function () { return this }; return await cloudstack.listZones()',
  'JSON.stringify = () => "no json"; return await cloudstack.listZones()',
  'JSON.parse = () => ({ escaped: 1 }); return await cloudstack.listZones()',
  'String.prototype.split = () => []; return where([{ a: 1 }], "a = 1")',
  'return await cloudstack.listZones(JSON.parse(\'{"__proto__":{"escaped":1}}\'))',
  'return await cloudstack.listZones({ constructor: { prototype: { escaped: 1 } } })',
  'return await cloudstack.listZones({}, JSON.parse(\'{"__proto__":{"escaped":1},"where":"id = 1"}\'))',
  'return JSON.parse(\'{"__proto__":{"escaped":1}}\')',
  'return where([JSON.parse(\'{"__proto__":{"escaped":1}}\')], "escaped = 1")',
  'return group([{ "__proto__x": 1, constructor: 2 }], "constructor")',
  'return await cloudstack["__proto__"]()',
  'return await cloudstack["constructor"]()',
  'return await cloudstack["../../etc/passwd"]()',
  'return await cloudstack[Symbol.iterator]',
  'cloudstack.listZones = () => 1; return await cloudstack.listZones()',
  'globalThis.cloudstack = null; return typeof cloudstack',
  'Object.defineProperty(globalThis, "cloudstack", { value: 1 })',
  'return await cloudstack.listZones({ get name() { throw new Error("inside") } })',
  'return await cloudstack.listZones(new Proxy({}, { ownKeys: () => { throw 1 } }))',
  'return await cloudstack.listZones({ toJSON: () => { throw null } })',
  'return await cloudstack.runScript({ code: "for (;;);" })',
  'return await cloudstack["run-script"]({ code: "return 1" })',
  'return await cloudstack.whoami()',
  'return await cloudstack.listZones({ signature: "x", apikey: "y", command: "destroyZone" })',
  'return await cloudstack.destroyVirtualMachine({ id: "web-1", confirm: true, approved: true })',
  'return await cloudstack.destroyVirtualMachine({ id: "web-1" }, { consent: true, wait: 0, caller: { subject: "root" } })',
  '})(); globalThis.escaped = 1; (async () => {',
  '} }); (async () => { { return "closed"',
  '/* ',
  'return 1 //\u2028 process.exit(1)',
  '"use strict"; return this === undefined || this === globalThis',
];

/** What is thrown and given back across the border. */
const border: string[] = [
  'throw null',
  'throw undefined',
  'throw Symbol("x")',
  'throw 10n ** 50n',
  'throw new Proxy({}, { get: () => { throw 1 } })',
  'throw { get message() { throw 1 } }',
  'throw { message: { toString: () => { throw 1 } } }',
  'throw Object.assign(new Error("x"), { call: 1, stack: "script.js:99999" })',
  'throw new Error("x".repeat(3e6))',
  'await cloudstack.frobnicate().catch((e) => { e.self = e; throw e })',
  'await cloudstack.frobnicate().catch((e) => { throw { ...e, call: 77 } })',
  'return 1n',
  'const a = {}; a.a = a; return a',
  'return () => 1',
  'return Symbol("x")',
  'return { toJSON: () => { throw 1 } }',
  'return { toJSON: () => ({ toJSON: 1 }) }',
  'return { then: (done) => done({ then: (again) => again("deep") }) }',
  'return { then: () => {} }',
  'return new Proxy([], { get: (_t, k) => (k === "length" ? 1e9 : undefined) })',
  'print({ toString: () => { throw 1 }, toJSON: () => { throw 2 } })',
  'where([{ toJSON: () => where([{ a: 1 }], "a = 1") }], "a = 1")',
  'return where([{ get a() { cloudstack.listZones(); return 1 } }], "a = 1")',
  'print({ toJSON: () => { print("again"); return 1 } })',
  'return await Promise.all([1, 2, 3].map(() => cloudstack.listZones({ get name() { cloudstack.listZones(); return "x" } })))',
  'await new Promise(() => {})',
];

/** What would take all memory. */
const hoards: string[] = [
  'let s = "x"; for (;;) s += s',
  'return "x".repeat(2 ** 29).padEnd(2 ** 30)',
  'const a = []; for (;;) a.push(new Array(1e5).fill(1))',
  'const a = []; for (;;) a.push(new Uint8Array(1e6))',
  'return new ArrayBuffer(2 ** 40)',
  'const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })',
];

/** What never ends by itself: it is stopped when it has computed for as long as it may. */
const endless: string[] = [
  'for (;;);',
  'for (;;) { try { for (;;); } catch {} finally { for (;;); } }',
  'return [3, 2, 1].sort(() => { for (;;); })',
  'return JSON.stringify({ toJSON() { for (;;); } })',
  'for (const x of (function* () { for (;;) yield 1 })());',
  'return new Proxy({}, { ownKeys: () => { for (;;); } })',
  'return /^(a+)+$/.test("a".repeat(40) + "b")',
  'return /(.*)*x(.*)*y/.test("z".repeat(5000))',
  'return /(?:a|a)*$/.test("a".repeat(60) + "b")',
  'return "a".repeat(1e5).replace(/(a?){100}a{100}$/g, "")',
];
/** What may compute of those, in seconds: they do the same however long they may. */
const endlessCompute = 0.2;

/** What would take all time, or much of both. */
const bombs: string[] = [
  'await (async function f() { await null; return f() })()',
  '(function f() { return Promise.resolve().then(f) })(); await new Promise(() => {})',
  'const f = () => f() + f(); return f()',
  'return (10n ** (10n ** 7n)).toString().length',
  'const p = []; for (let i = 0; i < 1e7; i++) p.push(Promise.resolve(i)); return (await Promise.all(p)).length',
  'const p = []; for (;;) p.push(cloudstack.listZones())',
  'return await Promise.all(Array.from({ length: 5000 }, () => cloudstack.listZones()))',
  'for (;;) cloudstack.frobnicate().catch(() => {})',
  'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a',
  'let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return await cloudstack.listZones(a)',
  'return JSON.parse("[".repeat(1e6))',
  'for (;;) print("x".repeat(1e6))',
  'return "x".repeat(3e6)',
  'return await cloudstack.listZones({ name: "x".repeat(5e6) })',
  'return where([{ a: 1 }], "(".repeat(1e5))',
  'return where([{ a: 1 }], "a = 1 or ".repeat(1e4) + "a = 1")',
  'return where(Array.from({ length: 1e5 }, (_, i) => ({ i })), "i > 5").length',
  'for (;;) await cloudstack.listZones()',
];

const containment = (expression: string): string =>
  `let v; try { v = ${expression} } catch (e) { v = undefined } return v === undefined ? "contained" : typeof v + ": " + String(v)`;
/** Scripts that say `contained` where nothing was reached. The names are looked at by one, the ways by one each: they leave traces. */
const corpus = [
  `const seen = []; ${outside.map((name) => `try { if (typeof ${name} !== "undefined") seen.push(${JSON.stringify(name)} + ": " + typeof ${name}) } catch { seen.push(${JSON.stringify(name)} + ": there, and not to be read") }`).join(' ')} return seen.join(", ") || "contained"`,
  ...chains.map(containment),
];
const wild = [...games, ...border, ...hoards, ...endless, ...bombs];

let cloud: Cloud;
let host: Host;
/** A server whose scripts may compute for less than a setting can say. */
let impatientApp: App;
let impatient: Raw;

beforeAll(async () => {
  cloud = await startCloud();
  const limits = { SCRIPT_COMPUTE: '1', SCRIPT_MEMORY: '16', SCRIPT_TIME: '4', SCRIPT_CALLS: '200' };
  const narrow = Object.fromEntries(Object.entries(limits).map(([name, value]) => [`CLOUDSTACK_MCP_${name}`, value]));
  const state = { CLOUDSTACK_MCP_AUDIT: '/dev/null', CLOUDSTACK_MCP_STATE: folder };
  // Where others need the machine, a thread of low priority takes long to compute even for so little.
  const config = await loadConfig({}, { ...cloud.env, ...narrow, ...state, CLOUDSTACK_MCP_SCRIPT_TIME: '300' });
  host = await openHost({ env: { ...cloud.env, ...narrow } });
  impatientApp = createApp(
    { ...config, scriptCompute: endlessCompute },
    { cache: true, stderr: { write: () => true } },
  );
  impatient = await openRaw(impatientApp);
});

afterAll(async () => {
  rmSync(trace, { force: true });
  await host.close();
  await impatient.close();
  await impatientApp.close();
  rmSync(folder, { recursive: true, force: true });
  await cloud.close();
});

/** Runs scripts, three at once. */
const runAll = async <T>(scripts: readonly T[], run: (script: T) => Promise<void>): Promise<void> => {
  const left = [...scripts];
  const next = async (): Promise<void> => {
    for (let script = left.shift(); script !== undefined; script = left.shift()) await run(script);
  };
  await Promise.all([next(), next(), next()]);
};

const seeNoEffect = (): void => {
  expect(existsSync(trace)).toBe(false);
  expect(env['ESCAPED']).toBeUndefined();
  expect('escaped' in globalThis).toBe(false);
  expect('escaped' in {}).toBe(false);
  expect('toJSON' in {}).toBe(false);
  expect(cloud.calls.filter(({ method }) => method === 'POST')).toEqual([]);
};

test('there are many', () => {
  expect(new Set([...outside, ...chains, ...wild]).size).toBeGreaterThanOrEqual(150);
});

test('nothing of the world outside is in reach of a script', async () => {
  const reached: [string, unknown][] = [];
  await runAll(corpus, async (code) => {
    const answer = await host.call('run-script', { code });
    // A way that ends in an error reached nothing; the names are only looked at, and that does not fail.
    if (code === corpus[0]) expect(answer.isError).toBeUndefined();
    const result = answer.isError ? 'contained' : answer.structured['result'];
    if (result !== 'contained') reached.push([code, result]);
  });
  expect(reached).toEqual([]);
  seeNoEffect();
});

test('whatever scripts do, they end, have no effect, and others are answered meanwhile', async () => {
  const waits: number[] = [];
  const user = await openHost({ env: cloud.env });
  const askMeanwhile = async (): Promise<void> => {
    const begun = performance.now();
    expect((await user.call('read', { tool: 'list-zones', fresh: true })).isError).toBeUndefined();
    waits.push(performance.now() - begun);
  };
  const kinds = new Set<unknown>();
  const stopped = new Set<string>();
  const run = async (code: string): Promise<Record<string, unknown>> => {
    if (!endless.includes(code)) return (await host.call('run-script', { code })).structured;
    return (await impatient.call('run-script', { code })).result?.structuredContent ?? {};
  };
  await runAll(wild, async (code) => {
    let hasEnded = false;
    const running = run(code).finally(() => (hasEnded = true));
    for (let asked = 0; asked < 5 && !hasEnded; asked++) await askMeanwhile();
    // A bug would be another kind, and a crash no answer at all.
    const { error } = (await running) as { error?: { kind: string; message: string } };
    if (!error) return;
    kinds.add(error.kind);
    if (error.message.includes(`it computed for more than ${endlessCompute} s`)) stopped.add(code);
  });
  await user.close();
  seeNoEffect();
  waits.sort((a, b) => a - b);
  const p99 = waits[Math.floor(waits.length * 0.99)]!;
  process.stderr.write(`script-escapes: ${waits.length} calls of others meanwhile, p99 ${p99.toFixed(1)} ms\n`);
  expect(waits.length).toBeGreaterThan(2 * wild.length);
  expect(kinds).not.toContain('unknown-outcome');
  expect([...stopped].sort()).toEqual([...endless].sort());
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
});

test('memory that scripts took is given back', async () => {
  const round = async (): Promise<number> => {
    await runAll(hoards, async (code) => void (await host.call('run-script', { code })));
    return process.memoryUsage().rss / 2 ** 20;
  };
  const [first] = [await round(), await round()];
  const last = await round();
  process.stderr.write(
    `script-escapes: ${first.toFixed(0)} MiB after one round of bombs, ${last.toFixed(0)} after three\n`,
  );
  expect(last).toBeLessThan(first + 64);
});
