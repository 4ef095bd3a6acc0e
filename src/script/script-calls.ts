import { call } from '../call/call.ts';
import type { Composition } from '../call/composition.ts';
import type { Run } from '../call/run.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import type { ScriptSettings } from '../config/script.ts';
import type { Consent } from '../consent.ts';
import { CallError, describeError } from '../errors.ts';
import { readerOf } from '../hints.ts';
import { programName } from '../program-name.ts';
import { isRecord, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome, StandingUse, View } from '../types.ts';
import type { SandboxReply, UnknownFields } from './protocol.ts';
import type { MadeCall } from './record.ts';
import { createSlots } from './slots.ts';

/** Milliseconds by which a call may outlast its script: so the end of the script is what is said. */
const graceMs = 1000;

const readView = (given: unknown): View => {
  if (!isRecord(given)) return {};
  const { where, sort, group, fields, page, pagesize, fresh, scope } = given;
  return {
    where,
    sort,
    group,
    ...(Array.isArray(fields) ? { fields: fields.map(String) } : {}),
    ...(typeof page === 'number' ? { page } : {}),
    ...(typeof pagesize === 'number' ? { pagesize } : {}),
    ...(fresh === true ? { fresh } : {}),
    ...(scope === 'own' || scope === 'all' ? { scope } : {}),
  };
};

/** No one is asked in the middle of a script: it ends at the question. `name`: of a stored one. */
const askNoOne =
  (name: string | undefined): Consent =>
  ({ message }) =>
    Promise.reject(
      new CallError(
        'unconfirmed',
        `This call needs a confirmation by a person: ${message.split('\n', 1)[0]!}. It was not sent, and the script ended here.`,
        name === undefined
          ? 'Make this call by itself, and leave it out of the script.'
          : `Make this call by itself. A person can approve the script beforehand, except for critical calls: ${programName} script approve ${name}.`,
      ),
    );

/** The call that a script wants, or what it looked at before it can be known, out of the texts of the sandbox. */
const readCall = (
  text: string,
): { command: string; unknown: string | undefined; args: Row; view: View; line: number | undefined } => {
  // What the sandbox sends is the script's: nothing in it is taken for right.
  const given: unknown = JSON.parse(text);
  const { command, unknown, args, view, line } = isRecord(given) ? given : {};
  return {
    command: typeof command === 'string' ? command : '',
    unknown: typeof unknown === 'string' ? toLabel(unknown) : undefined,
    args: isRecord(args) ? args : {},
    view: readView(view),
    line: typeof line === 'number' ? line : undefined,
  };
};

/** What a script is given for an answer: the rows of a list, or the one object. */
const valueOf = (rows: readonly Row[], isList: boolean): unknown => (isList ? rows : (rows[0] ?? {}));

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What a script's calls do where nothing is sent: a plan is made of them. */
export interface ScriptPlan {
  /** Looks at one change, or reads. `unknown`: fields of a row that are known only once a step is done, by the row's id. */
  execute(composition: Composition, request: CallRequest): Promise<{ rows: readonly Row[]; unknown: UnknownFields }>;
  /** Saves what was planned. `goesOn`: why the script did not come to its end. */
  save(run: Run, script: string, goesOn: string | undefined): Promise<Outcome>;
}

/** What ends a script from outside, whatever it catches, and at which line. */
export interface Stopped {
  error: CallError;
  line: number | undefined;
  /** It looked at what only a step of its plan can tell: the plan ends there. */
  isTooEarly?: boolean;
}

/** Makes the calls of one script, so many at once. */
export const createCalls = (
  composition: Composition,
  request: CallRequest,
  {
    settings,
    script,
    name,
    standing,
    plan,
    stop,
  }: {
    settings: ScriptSettings;
    script: string;
    name: string | undefined;
    standing: StandingUse | undefined;
    plan: ScriptPlan | undefined;
    stop: (stopped: Stopped) => void;
  },
) => {
  const made: MadeCall[] = [];
  const errors = new Map<number, { error: CallError; line: number | undefined }>();
  const places = createSlots(settings.scriptParallel);
  const { deadline = 0 } = request;
  const { asked: _asked, progress, ...rest } = request;
  const execute = async (one: CallRequest): Promise<{ rows: readonly Row[]; unknown?: UnknownFields }> =>
    plan ? plan.execute(composition, one) : { rows: (await call(composition, one)).rows() };
  const send = async (record: MadeCall, command: string, args: Row, view: View): Promise<string> => {
    const tool = loadCatalog().find(command);
    const isList = tool?.command.result === 'list';
    const isWhole = isList && view.page === undefined && view.pagesize === undefined;
    const one: CallRequest = {
      ...rest,
      tool: command,
      args,
      view: { ...view, whole: true, ...(isWhole ? { all: true } : {}) },
      wait: Math.max(0, deadline - Date.now()),
      deadline: deadline + graceMs,
      script,
      consent: askNoOne(name),
      standing,
    };
    const { rows, unknown } = await execute(one);
    const value = valueOf(rows, isList);
    if (!record.isRead && isRecord(value))
      Object.assign(record, { id: textOf(value['id']), name: textOf(value['name']) });
    return JSON.stringify({ value, unknown });
  };
  const onCall = async (id: number, text: string): Promise<Omit<SandboxReply, 'id'>> => {
    const { command, unknown, args, view, line } = readCall(text);
    if (unknown !== undefined) {
      const error = new CallError('unknown-outcome', `${unknown} is known only once that is done.`, '');
      stop({ error, line, isTooEarly: true });
      return { isError: true, text: JSON.stringify(describeError(error, readerOf(request.caller))) };
    }
    const known = loadCatalog().find(command);
    const record: MadeCall = {
      line,
      command: known?.command.name ?? toLabel(command),
      isRead: known?.risk.risk === 'read',
      state: 'running',
    };
    const leave = await places.enter();
    made.push(record);
    try {
      request.signal.throwIfAborted();
      const reply = await send(record, command, args, view);
      record.state = 'done';
      return { isError: false, text: reply };
    } catch (error) {
      const failure =
        error instanceof CallError
          ? error
          : new CallError('failed', 'The call failed because of a bug in this server.', '', { cause: error });
      if (failure.kind !== 'unknown-outcome' && failure.kind !== 'cancelled') record.state = 'failed';
      errors.set(id, { error: failure, line });
      // Whatever the script catches: what comes next is a person's to decide.
      if (failure.kind === 'unconfirmed') stop({ error: failure, line });
      return {
        isError: true,
        text: JSON.stringify({ ...describeError(failure, readerOf(request.caller)), call: id, line }),
      };
    } finally {
      leave();
      const ended = made.filter(({ state }) => state !== 'running').length;
      progress?.({ elapsed: (Date.now() - (deadline - settings.scriptTime * 1000)) / 1000, message: `${ended} calls` });
    }
  };
  return { made, errors, onCall };
};
