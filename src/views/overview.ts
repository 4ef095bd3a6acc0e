import type { Outcome } from '../types.ts';
import { orProblem, show, type ReadView, type ViewRead } from './show.ts';

/** A view: enough alone in words, and the same as data. */
export interface ViewAnswer {
  text: string;
  structured: Record<string, unknown>;
}

const states = ['Running', 'Stopped', 'Starting', 'Stopping', 'Migrating', 'Error'] as const;

const parts = {
  capacity: { tool: 'list-capacity', pagesize: 200 },
  jobs: { tool: 'list-async-jobs', pagesize: 20, fields: ['cmd', 'jobstatus', 'account', 'created'] },
  alerts: { tool: 'list-alerts', pagesize: 8, fields: ['name', 'description', 'sent'] },
  events: { tool: 'list-events', pagesize: 8, fields: ['type', 'level', 'description', 'created'] },
} satisfies Record<string, ViewRead>;

/** The count in an answer, or nothing where it could not be read. */
const countIn = (answer: Outcome | { error: unknown }): number | undefined => {
  if ('error' in answer) return undefined;
  const { count } = answer.structured;
  return typeof count === 'number' ? count : answer.rows().length;
};

/** What there is in a cloud and how it is, at a glance: several reads, each of which may be refused without the others. */
export const readOverview = async (read: ReadView): Promise<ViewAnswer> => {
  const countOf = async (state: string | undefined) => ({
    state,
    count: countIn(
      await orProblem(
        read({ tool: 'list-virtual-machines', args: state ? { state } : {}, pagesize: 1, fields: ['id'] }),
      ),
    ),
  });
  const [machines, found] = await Promise.all([
    Promise.all([undefined, ...states].map(countOf)),
    Promise.all(
      Object.entries(parts).map(async ([name, part]) => [name, await orProblem<Outcome>(read(part))] as const),
    ),
  ]);
  const counts = machines.flatMap(({ state = 'machines in all', count }) =>
    count === undefined ? [] : [`${count} ${state}`],
  );
  const text = [
    `machines: ${counts.join(', ') || 'not shown to this account'}`,
    ...found.map(([name, answer]) => `${name}:\n${'error' in answer ? String(answer.error['message']) : answer.text}`),
  ].join('\n\n');
  const shown = found.map(
    ([name, answer]) => [name, 'error' in answer ? answer : { ...show(answer), text: undefined }] as const,
  );
  return { text, structured: { machines, ...Object.fromEntries(shown) } };
};
