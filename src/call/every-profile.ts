import { loadCatalog } from '../catalog/catalog.ts';
import { CallError, dataNote, labelOf, type AnsweredBy } from '../errors.ts';
import { readerOf, renderHint, type Reader } from '../hints.ts';
import { joinCells } from '../present/list.ts';
import type { Row } from '../rows.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { describeCloud } from './answered-by.ts';
import type { Composition } from './composition.ts';
import { recorded } from './run.ts';

/** The profile that stands for all that a caller may use. */
export const everyProfile = '*';

/** What one cloud answered, or why it did not. */
type CloudResult = { cloud: AnsweredBy } & ({ outcome: Outcome } | { error: CallError });

const settle = async (
  run: Promise<Outcome>,
  describe: (error?: unknown) => Promise<AnsweredBy>,
): Promise<CloudResult> => {
  try {
    const outcome = await run;
    return { outcome, cloud: await describe() };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return { error, cloud: await describe(error) };
  }
};

/** The rows that a cloud's answer shows: those of a list, or its one object. */
const shownRows = ({ structured: { items, item } }: Outcome): readonly Row[] =>
  (items as readonly Row[] | undefined) ?? (item === undefined ? [] : [item as Row]);

const toLine = (result: CloudResult, reader: Reader): string => {
  const label = labelOf(result.cloud);
  if ('error' in result)
    return `${label}: ${result.error.kind}: ${result.error.message} ${renderHint(result.error.hint, reader)}`;
  const { text, structured } = result.outcome;
  const notes = (structured['notes'] as readonly string[] | undefined) ?? [];
  return [`${label}: ${text.split('\n', 1)[0]}`, ...notes].join('; ');
};

const toFacts = (result: CloudResult, reader: Reader): Row => {
  if ('error' in result) {
    const { kind, message, hint } = result.error;
    return { ...result.cloud, error: { kind, message, hint: renderHint(hint, reader) } };
  }
  const { items: _items, item: _item, notes: _notes, ...facts } = result.outcome.structured;
  return { ...result.cloud, ...facts };
};

const countOf = ({ structured: { count } }: Outcome, rows: readonly Row[]): number =>
  typeof count === 'number' ? count : rows.length;

/** One answer of several: each row with its profile, what each cloud said of its part, and which gave none. */
const join = (results: readonly CloudResult[], reader: Reader): Outcome => {
  const answered = results.flatMap((result) =>
    'outcome' in result ? [{ ...result, shown: shownRows(result.outcome) }] : [],
  );
  const lines = results.map((result) => toLine(result, reader));
  const [first] = results;
  if (!answered.length && first && 'error' in first)
    throw new CallError(first.error.kind, lines.join(' — '), first.error.hint, {
      isForeign: results.some((result) => 'error' in result && result.error.isForeign),
    });
  const label =
    (profile: string) =>
    ({ profile: _own, ...row }: Row): Row => ({ profile, ...row });
  const items = answered.flatMap(({ cloud, shown }) => shown.map(label(cloud.profile)));
  const columns = ['profile', ...new Set(answered.flatMap(({ outcome }) => outcome.columns))].filter((column) =>
    items.some((item) => item[column] !== undefined),
  );
  const count = answered.reduce((sum, { outcome, shown }) => sum + countOf(outcome, shown), 0);
  return {
    text: [
      `${items.length} of ${count} rows from ${answered.length} of ${results.length} profiles`,
      ...lines,
      ...(items.length
        ? [joinCells(columns), ...items.map((item) => joinCells(columns.map((name) => item[name])))]
        : []),
      ...(items.length ? [dataNote] : []),
    ].join('\n'),
    structured: {
      items,
      returned: items.length,
      count,
      notes: lines,
      clouds: results.map((result) => toFacts(result, reader)),
    },
    rows: () => answered.flatMap(({ cloud, outcome }) => outcome.rows().map(label(cloud.profile))),
    columns,
  };
};

/**
 * Makes a read of all profiles that its caller may use, at the same time and within one budget. Throws a CallError where
 * it is no read, or where no cloud answered; one that failed is said beside the others' rows.
 */
export const callEvery = async (
  composition: Composition,
  request: CallRequest,
  run: (composition: Composition, request: CallRequest) => Promise<Outcome>,
  isRead = loadCatalog().find(request.tool)?.risk.risk === 'read',
): Promise<Outcome> => {
  const profiles = composition.guard.profilesFor(request.caller);
  if (!isRead)
    return recorded(composition, request, () =>
      Promise.reject(
        new CallError(
          'invalid',
          'profile "*" is for reads: changes, plans, scripts and exports need one cloud.',
          `Name one of: ${profiles.join(', ')}. Nothing was sent.`,
        ),
      ),
    );
  const { limits } = composition;
  const budget = Math.max(150, Math.floor(limits.budget / Math.max(1, profiles.length)));
  const part = { ...composition, limits: { ...limits, budget } };
  return join(
    await Promise.all(
      profiles.map((profile) => {
        const caller = { ...request.caller, profile };
        // As read: what its arguments make worse is refused, so that no one is asked once for each cloud.
        const one: CallRequest = { ...request, caller, riskTool: 'read' };
        return settle(run(part, one), (error) => describeCloud(composition, caller, error));
      }),
    ),
    readerOf(request.caller),
  );
};
