import type { Composition } from '../call/composition.ts';
import { recorded } from '../call/run.ts';
import { CallError, dataNote } from '../errors.ts';
import { hasPlace } from '../limits.ts';
import { isRecord, type Row } from '../rows.ts';
import { cutText, escapeUnsafe, stripUnsafe } from '../text.ts';
import { limitTime } from '../time-limit.ts';
import type { CallRequest, Outcome } from '../types.ts';
import type { ScriptSettings } from '../config/script.ts';
import type { ScriptFailure } from './protocol.ts';
import { changesOf, describeMade, toChange, type MadeCall } from './record.ts';
import { insteadOf } from './absent.ts';
import { runInSandbox } from './sandbox.ts';
import { createCalls, type ScriptPlan, type Stopped } from './script-calls.ts';
import { boundsInText, describeBounds } from './bounds.ts';
import { createSlots } from './slots.ts';
import { digestOfScript, maxCode, readInputs, requireStoredScript } from './stored.ts';

/** Characters of an answer for one token of the budget. */
const charactersPerToken = 3;

const atLine = (line: number | undefined): string => (line === undefined ? 'the script' : `line ${line} of the script`);

/** The error with which a script ends: whose it is, at which line, and what was done before it. */
const toError = (
  { message, line, call: number }: ScriptFailure,
  { errors }: Pick<ReturnType<typeof createCalls>, 'errors'>,
  done: readonly string[],
): CallError => {
  const thrown = number === undefined ? undefined : errors.get(number);
  if (thrown) return withRecord(thrown.error, thrown.line, done);
  return new CallError(
    'failed',
    `${atLine(line)}: ${stripUnsafe(message)}.`,
    [
      insteadOf(message),
      done.length ? 'What was done before it stays done: continue from there.' : 'Nothing was changed.',
    ]
      .filter(Boolean)
      .join(' '),
    { done },
  );
};

const withRecord = (error: CallError, line: number | undefined, done: readonly string[]): CallError =>
  new CallError(error.kind, `${atLine(line)}: ${error.message}`, error.hint, { ...error, done });

/** What came of a script, in words and as data. */
const toOutcome = (
  { result, printed }: { result: string | undefined; printed: readonly string[] },
  made: readonly MadeCall[],
  script: string,
  budget: number,
): Outcome => {
  const maxText = charactersPerToken * budget;
  const value: unknown = result === undefined ? undefined : JSON.parse(result);
  const isShort = (result?.length ?? 0) <= maxText / 2;
  const shown =
    result === undefined ? 'It returned nothing.' : `Result: ${isShort ? result : cutText(result, maxText / 2)}`;
  const changes = changesOf(made);
  const lines = printed.join('\n');
  const text = [
    `${made.length} calls, ${changes.length} of them changes.`,
    ...(lines ? [cutText(lines, maxText / 4)] : []),
    shown,
    ...(isShort ? [] : ['(cut: let the script return less)']),
    ...(changes.length ? ['Changes, in order:', ...changes.map(describeMade)] : []),
    ...(changes.some(({ state }) => state === 'running') ? ['Await each call to get its result.'] : []),
    dataNote,
  ].join('\n');
  const structured = {
    ...(value === undefined ? {} : isShort ? { result: value } : { isCut: true }),
    ...(lines ? { printed: cutText(lines, maxText / 4) } : {}),
    calls: made.length,
    changes: changes.map(toChange),
    script,
  };
  // Others' words may be in all of it.
  const clean = JSON.parse(escapeUnsafe(JSON.stringify(structured))) as Row;
  return {
    text: stripUnsafe(text),
    structured: clean,
    rows: () => (Array.isArray(value) ? (value as Row[]) : []),
    columns: [],
  };
};

/** The script that the arguments give or name, and its inputs; those of a stored one in their types. Throws a CallError. */
const readScript = (
  { code, name, inputs: given }: CallRequest['args'],
  { scriptFolder }: ScriptSettings,
): { code: string; inputs: Row; name?: string } => {
  const inputs = isRecord(given) ? given : {};
  if (typeof name !== 'string' || name === '') return { code: typeof code === 'string' ? code : '', inputs };
  if (code !== undefined)
    throw new CallError('invalid', 'code and name are two scripts.', 'Give one of them. Nothing was sent.');
  const stored = requireStoredScript(scriptFolder, name);
  return { code: stored.code, inputs: readInputs(stored, inputs), name };
};

/**
 * Runs the scripts of a server: the arguments are the `code`, or the `name` of a stored script, and its `inputs`; with `dryRun`
 * it is only told what the script may take. Each call of a script goes the whole path, as a
 * call by itself would; with `plan` changes are steps of a plan, and none is sent. Throws a CallError that tells the line, and
 * what was done before it.
 */
export const createRunScript = (settings: ScriptSettings) => {
  const running = createSlots(settings.scripts);
  // Of several principals no one takes all places.
  const shares = new Map<string, number>();
  const tryEnter = ({ principal, isLocal }: CallRequest['caller']): (() => void) | undefined => {
    const own = shares.get(principal) ?? 0;
    const all = [...shares.values()].reduce((sum, count) => sum + count, 0);
    const isFree = isLocal || hasPlace(own, all, { each: settings.scripts, max: settings.scripts });
    const leave = isFree ? running.tryEnter() : undefined;
    if (!leave) return undefined;
    shares.set(principal, own + 1);
    return () => {
      const left = (shares.get(principal) ?? 1) - 1;
      if (left) shares.set(principal, left);
      else shares.delete(principal);
      leave();
    };
  };
  return (composition: Composition, asked: CallRequest, plan?: ScriptPlan): Promise<Outcome> => {
    const deadline = Date.now() + settings.scriptTime * 1000;
    const request = { ...asked, deadline };
    return recorded(composition, request, async (run) => {
      const { code, inputs, name } = readScript(request.args, settings);
      const script = digestOfScript(code);
      run.record({ script, params: { ...(name === undefined ? {} : { name }), inputs } });
      if (code.trim() === '')
        throw new CallError('invalid', 'code is missing: the JavaScript to run.', 'Nothing was sent.');
      if (code.length > maxCode)
        throw new CallError('invalid', `The script has more than ${maxCode} characters.`, 'Nothing was sent.');
      if (request.args['dryRun'] === true) return describeBounds(code, script, settings);
      request.progress?.({ elapsed: 0, message: boundsInText(settings) });
      const leave = tryEnter(request.caller);
      if (!leave)
        throw new CallError(
          'rate-limit',
          'The maximum number of scripts is already running.',
          'Try again when one has ended. Nothing was sent.',
        );
      const limit = limitTime(request.signal, settings.scriptTime * 1000);
      const { signal } = limit;
      let stopped: Stopped | undefined;
      const stop = (by: Stopped): void => {
        stopped ??= by;
        limit.abort();
      };
      try {
        const standing =
          name === undefined || plan
            ? undefined
            : composition.guard.openStandingUse(request, {
                name,
                script,
                origin: (await composition.clouds.open(request.caller.profile)).origin,
              });
        const calls = createCalls(
          composition,
          { ...request, signal },
          { settings, script, name, standing, plan, stop },
        );
        const { scriptMemory: memoryMiB, scriptCompute, scriptCalls } = settings;
        const ending = await runInSandbox({
          code,
          inputs: JSON.stringify(inputs),
          memoryMiB,
          computeMs: scriptCompute * 1000,
          calls: scriptCalls,
          signal,
          onCall: calls.onCall,
        });
        const done = plan ? [] : changesOf(calls.made).map(describeMade);
        if (plan && stopped?.isTooEarly) {
          const goesOn = `It needs at ${atLine(stopped.line)} a value that is not known yet: ${stopped.error.message}`;
          return await plan.save(run, script, goesOn);
        }
        if (stopped) throw withRecord(stopped.error, stopped.line, done);
        if (!ending && request.signal.aborted)
          throw new CallError('cancelled', 'The script was cancelled.', 'What was done before stays done.', { done });
        if (!ending || Date.now() >= deadline)
          throw new CallError(
            'timeout',
            `The script took more than ${settings.scriptTime} s.`,
            'What was done before stays done. Let it do less at once.',
            { done },
          );
        if (ending.type === 'failed') throw toError(ending.failure, calls, done);
        if (plan) return await plan.save(run, script, undefined);
        return toOutcome(ending, calls.made, script, composition.limits.budget);
      } finally {
        limit.abort();
        limit.end();
        leave();
      }
    });
  };
};
