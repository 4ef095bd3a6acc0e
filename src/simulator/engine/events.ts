import { loadData } from '../../data.ts';
import type { Call, Result, Work } from '../rules/call.ts';
import { isRow } from '../rules/results.ts';
import type { ApiError } from '../world/errors.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import { publish } from './webhooks.ts';

const maxEvents = 20_000;

/**
 * The type of a call's event; commands that declare none leave one all the same, as data/events.json says. Where a command
 * declares two, the second is of portable addresses and of secondary storage VMs.
 */
const typeOf = ({ command }: Call, subject?: Resource): Value => {
  const [first, second] = [command.event ?? loadData<Record<string, string>>('events.json')[command.name] ?? []].flat();
  const { isportable, systemvmtype } = subject?.fields ?? {};
  return isportable === true || systemvmtype === 'secondarystoragevm' ? (second ?? first) : first;
};

const firstEvents = new WeakMap<Call, Resource>();

const subjectOf = (call: Call, result?: Result): Resource | undefined => {
  const made = result?.form === 'object' ? result.item : result?.form === 'list' ? result.items[0] : undefined;
  if (made && isRow(made)) return made;
  return call.rows.get('id')?.[0] ?? [...call.rows.values()][0]?.[0];
};

/** What CloudStack says of events beside their types. */
interface EventTexts {
  commands: Record<
    string,
    {
      /**
       * What its class says (`getEventDescription`). `{id}` is the argument of that name, `{.id}` what the subject has,
       * `{ipaddressid.ipaddress}` what the resource has that an argument names, `{nodeids#}` how many; `{startvm=false}` writes
       * nothing. The first whose arguments were given is written, or else the last.
       */
      scheduled?: string | readonly string[];
      /** What the annotation of its method says (`eventDescription`); of two, the first is of what it creates. */
      done?: string | readonly [created: string, applied: string];
    }
  >;
  /** The states that events of a command are written in, where those are not all. */
  states: Record<string, readonly string[]>;
  /** How its texts write words of commands' names. */
  words: Record<string, string>;
}

const texts = (): EventTexts => loadData<EventTexts>('event-texts.json');

const write = (
  call: Call,
  subject: Resource | undefined,
  state: string,
  description: string,
  level = 'INFO',
): Resource | undefined => {
  const { world, caller, command } = call;
  if (texts().states[command.name]?.includes(state) === false) return undefined;
  const events = world.all('Event');
  if (events.length > maxEvents) for (const event of events.slice(0, maxEvents / 10)) world.forget(event);
  const first = firstEvents.get(call);
  const fields: Fields = {
    username: caller.user.fields['username'],
    type: typeOf(call, subject),
    level,
    description,
    created: world.now(),
    state,
    archived: false,
    parentid: first?.id,
    resourceid: subject?.id,
    resourcename: subject?.fields['displayname'] ?? subject?.fields['name'],
    resourcetype: subject && (command.jobType ?? command.entity?.[0]),
  };
  const owner = subject?.owner ?? caller.account.id;
  const stated = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const event = world.insert('Event', stated, { owner });
  publish(world, event, caller);
  return event;
};

/** The verb of a command's name as its events have it, such as `stopping`. */
const doing = (verb: string): string =>
  `${verb.replace(/e$/, '').replace(/^(stop|run|get|set|reset)$/, (short) => short + short.at(-1))}ing`;

/** What a command does to what, such as `stopping Vm. Vm Id: …`; by a rule where its source was not read. */
const what = ({ command }: Call, subject: Resource | undefined, isCreated = false): string => {
  const [verb = '', ...rest] = command.name.replace(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2').split(' ');
  const { commands, words } = texts();
  const noun = Object.entries(words).reduce(
    (text, [word, written]) => text.replace(new RegExp(`\\b${word}\\b`), written),
    rest.join(' ').toLowerCase(),
  );
  const label = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
  const action = [commands[command.name]?.done ?? `${doing(verb)} ${noun}`].flat().at(isCreated ? 0 : -1);
  return `${action}${subject ? `. ${label} Id: ${subject.id}` : ''}`;
};

/** What stands in a text for what was not given is Java's word for it. */
const nothing = 'null';

/** What a job is to do, as the command's class says it; where that was not read, as the job's other events do. */
const scheduledText = (call: Call, subject: Resource | undefined): string => {
  const { args, caller, command, rows } = call;
  const wordings = [texts().commands[command.name]?.scheduled ?? []].flat();
  const isGiven = (wording: string): boolean =>
    [...wording.matchAll(/\{(\w+)(?:=(\w+))?/g)].every(([, name = '', value]) =>
      value === undefined ? args[name] !== undefined : String(args[name]) === value,
    );
  const wording = wordings.find(isGiven) ?? wordings.at(-1);
  if (wording === undefined) return what(call, subject);
  const fieldOf = (row: Resource | undefined, field: string): Value =>
    field === 'owner' ? (row?.owner ?? caller.account.id) : field === 'id' ? row?.id : row?.fields[field];
  return wording
    .replace(/\{\w+=\w+\}/g, '')
    .replace(/\{(\w+)#\}/g, (_, name: string) => String([args[name] ?? []].flat().length))
    .replace(/\{(\w*)(?:\.(\w+))?\}/g, (_, name: string, field?: string) =>
      String((field ? fieldOf(name ? rows.get(name)?.[0] : subject, field) : args[name]) ?? nothing),
    );
};

/** Events of a synchronous change that succeeded. */
export const recordEnd = (call: Call, result: Result): void => {
  if (typeOf(call) === undefined) return;
  const subject = subjectOf(call, result);
  const { [call.command.name]: states = ['Completed'] } = texts().states;
  if (states.includes('Created'))
    write(call, subject, 'Created', `Successfully created entity for ${what(call, subject, true)}`);
  if (states.includes('Started')) write(call, subject, 'Started', what(call, subject));
  write(call, subject, 'Completed', `Successfully completed ${what(call, subject)}`);
};

/** Events of a job that begins: scheduled, then started. */
export const recordStart = (call: Call, { on }: Work): void => {
  if (typeOf(call) === undefined) return;
  const subject = on ?? subjectOf(call);
  const text = what(call, subject);
  const states: [state: string, text: string][] = [
    ...(call.command.create
      ? [['Created', `Successfully created entity for ${what(call, subject, true)}`] as [string, string]]
      : []),
    ['Scheduled', scheduledText(call, subject)],
    ['Started', text],
  ];
  for (const [state, description] of states) {
    const event = write(call, subject, state, description);
    if (event && !firstEvents.has(call)) firstEvents.set(call, event);
  }
};

/** Event of a job's end. */
export const recordJobEnd = (call: Call, on: Resource | undefined, error?: ApiError): void => {
  if (typeOf(call) === undefined) return;
  const text = what(call, on);
  if (error) write(call, on, 'Completed', `Error while ${text}: ${error.message}`, 'ERROR');
  else if (!call.command.create && texts().states[call.command.name]?.includes('Created'))
    write(call, on, 'Created', `Successfully created entity for ${text}`);
  else write(call, on, 'Completed', `Successfully completed ${text}`);
};
