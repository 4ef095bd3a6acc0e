import { loadData } from '../../data.ts';
import type { Call, Result, Work } from '../rules/call.ts';
import { isRow } from '../rules/results.ts';
import type { ApiError } from '../world/errors.ts';
import type { Fields, Resource, Value } from '../world/types.ts';

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
  if (result?.form === 'object' && isRow(result.item)) return result.item;
  return call.rows.get('id')?.[0] ?? [...call.rows.values()][0]?.[0];
};

const write = (
  call: Call,
  subject: Resource | undefined,
  state: string,
  description: string,
  level = 'INFO',
): Resource => {
  const { world, caller, command } = call;
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
  return world.insert('Event', Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)), {
    owner,
  });
};

const what = ({ command }: Call, subject: Resource | undefined): string => {
  const doing = command.name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return `${doing}${subject ? `. Id: ${subject.id}` : ''}`;
};

/** Events of a synchronous change that succeeded. */
export const recordEnd = (call: Call, result: Result): void => {
  if (typeOf(call) === undefined) return;
  const subject = subjectOf(call, result);
  write(call, subject, 'Completed', `Successfully completed ${what(call, subject)}`);
};

/** Events of a job that begins: scheduled, then started. */
export const recordStart = (call: Call, { on }: Work): void => {
  if (typeOf(call) === undefined) return;
  const subject = on ?? subjectOf(call);
  if (call.command.create)
    firstEvents.set(call, write(call, subject, 'Created', `Successfully created entity for ${what(call, subject)}`));
  const scheduled = write(call, subject, 'Scheduled', what(call, subject));
  if (!firstEvents.has(call)) firstEvents.set(call, scheduled);
  write(call, subject, 'Started', what(call, subject));
};

/** Event of a job's end. */
export const recordJobEnd = (call: Call, on: Resource | undefined, error?: ApiError): void => {
  if (typeOf(call) === undefined) return;
  if (error) write(call, on, 'Completed', `Error while ${what(call, on)}: ${error.message}`, 'ERROR');
  else write(call, on, 'Completed', `Successfully completed ${what(call, on)}`);
};
