import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask, AskError, inWords, toShown, useAsk, type CallAnswer, type ShownRow } from './ask.ts';
import { callTool, openBridge, type ToolAnswer } from './bridge.ts';
import { AnswerTable, Problem, Section } from './parts.tsx';
import { linkTo, usePlace } from './router.ts';
import { NetworkMap, type NetworkMapData } from './views/network-map.tsx';
import { OverviewOf, type OverviewData } from './views/overview.tsx';
import { PlanCard, type PlanData } from './views/plan.tsx';
import { Resources, type ShownKind } from './views/resources.tsx';
import { Tools } from './views/tools.tsx';

type GivenArgs = Record<string, unknown>;

const keyOf = (tool: unknown): string => String(tool).replace(/[-_]/g, '').toLowerCase();

const Facts = ({ row }: { row: ShownRow }): JSX.Element => (
  <dl class="fields">
    {Object.entries(row).map(([field, value]) => (
      <div key={field}>
        <dt>{field}</dt>
        <dd>{inWords(value)}</dd>
      </div>
    ))}
  </dl>
);

/** Rows that a read gave, to sort over all of them and to filter; each leads to its card. */
const Table = ({ input, answer }: { input: GivenArgs; answer: CallAnswer }): JSX.Element => {
  const profile = input['profile'] as string | undefined;
  const [words, setWords] = useState('');
  const [sort, setSort] = useState('');
  const [sorted, setSorted] = useState<CallAnswer>();
  const [error, setError] = useState<AskError>();
  const kinds = useAsk<{ kinds: ShownKind[] }>('kinds', { profile });
  const kind = kinds.data?.kinds.find(({ list }) => keyOf(list) === keyOf(input['tool']));
  const sortBy = (wanted: string): void => {
    setSort(wanted);
    const { tool, arguments: args = {}, fields, where, scope } = input;
    const question = { tool, args, fields, where, scope, profile, sort: wanted, pagesize: 500 };
    ask<CallAnswer>('call', question).then(setSorted, (problem: unknown) => {
      if (problem instanceof AskError) setError(problem);
    });
  };
  const shown = sorted ?? answer;
  const fits = (row: ShownRow): boolean => JSON.stringify(row).toLowerCase().includes(words.trim().toLowerCase());
  const fitting = shown.rows.flatMap((row, at) => (fits(row) ? [at] : []));
  const { cells } = shown;
  const part = {
    ...shown,
    rows: fitting.map((at) => shown.rows[at]!),
    ...(cells ? { cells: fitting.map((at) => cells[at]!) } : {}),
  };
  const linkOf = (row: ShownRow): string | undefined =>
    kind && row['id'] !== undefined ? linkTo(['resources', kind.name, String(row['id'])]) : undefined;
  return (
    <Section title={kind?.plural ?? inWords(input['tool'])} wide>
      <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Filter these rows
          <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
      </form>
      <Problem error={error} />
      <AnswerTable answer={part} label="Answer" sort={sort} onSort={sortBy} linkOf={linkOf} />
      <p class="quiet" role="status">
        {part.rows.length} of {shown.count ?? shown.rows.length}
      </p>
    </Section>
  );
};

/** A change: what is asked while it waits for the user, and what came of it. */
const Change = ({
  input,
  result,
  onResult,
}: {
  input: GivenArgs;
  result: ToolAnswer | undefined;
  onResult: (result: ToolAnswer) => void;
}): JSX.Element => {
  const [isBusy, setBusy] = useState(false);
  const again = async (tool: string, args: GivenArgs): Promise<void> => {
    setBusy(true);
    try {
      onResult(await callTool(tool, args));
    } catch (error) {
      onResult({ isError: true, content: [{ type: 'text', text: String(error) }] });
    } finally {
      setBusy(false);
    }
  };
  const { plan, error, item, job } = (result?.structuredContent ?? {}) as {
    plan?: PlanData;
    error?: { kind: string; message: string; hint: string; tool?: string };
    item?: ShownRow;
    job?: ShownRow;
  };
  const title = inWords(input['tool'] ?? (input['plan'] ? `plan ${inWords(input['plan'])}` : 'Several changes'));
  if (plan)
    return (
      <PlanCard plan={plan}>
        {plan.state === 'open' ? (
          <button
            type="button"
            class="danger"
            disabled={isBusy}
            onClick={() => void again(plan.tool, { plan: plan.id })}
          >
            Apply
          </button>
        ) : null}
      </PlanCard>
    );
  return (
    <Section title={title} wide>
      <Facts row={(input['arguments'] ?? {}) as ShownRow} />
      {result ? null : <p role="status">The server may ask you before anything is sent.</p>}
      {error ? <Problem error={error} /> : null}
      {error?.kind === 'unconfirmed' && typeof input['tool'] === 'string' ? (
        <p>
          <a href={linkTo(['tools', input['tool']], toTexts(input['arguments']))}>Make the call again</a>
        </p>
      ) : null}
      {job ? <Facts row={job} /> : null}
      {item ? <Facts row={item} /> : null}
      {result && !error && !job && !item ? <pre tabIndex={0}>{result.content?.[0]?.text ?? ''}</pre> : null}
    </Section>
  );
};

/** Arguments as a form has them. */
const toTexts = (args: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries((args ?? {}) as GivenArgs).map(([name, value]) => [name, inWords(value)]));

const Shown = ({ view, input, result }: { view: string; input: GivenArgs; result: ToolAnswer }): JSX.Element => {
  try {
    const answer = toShown(result);
    if (view === 'overview') return <OverviewOf data={answer as unknown as OverviewData} />;
    if (view === 'network-map')
      return (
        <Section title="How traffic comes in" wide>
          <NetworkMap map={answer as unknown as NetworkMapData} />
        </Section>
      );
    const rows = (answer['rows'] ?? []) as ShownRow[];
    const [row] = rows;
    if (answer['items'] === undefined && row)
      return (
        <Section title={inWords(row['displayname'] ?? row['name'] ?? input['tool'])} wide>
          <Facts row={row} />
        </Section>
      );
    // The answers of a server are of these shapes; anything else is shown as text.
    return rows.length ? (
      <Table input={input} answer={answer as unknown as CallAnswer} />
    ) : (
      <pre tabIndex={0}>{inWords(answer['text'])}</pre>
    );
  } catch (error) {
    if (error instanceof AskError) return <Problem error={error} />;
    throw error;
  }
};

/** A view of an MCP App: what its tool gave, and from there the resources and tools that the page has. */
export const AppView = ({ view }: { view: string }): JSX.Element => {
  const place = usePlace();
  const [input, setInput] = useState<GivenArgs>({});
  const [result, setResult] = useState<ToolAnswer>();
  useEffect(() => {
    void openBridge({ onInput: setInput, onResult: setResult });
  }, []);
  const profile = input['profile'] as string | undefined;
  const isAway = place.view === 'resources' || place.view === 'tools';
  return (
    <main class={isAway ? '' : 'grid'}>
      {isAway ? (
        <p>
          <a href={linkTo([''])}>Back to the answer</a>
        </p>
      ) : null}
      {place.view === 'resources' ? <Resources place={place} profile={profile} /> : null}
      {place.view === 'tools' ? <Tools key={place.rest[0]} place={place} profile={profile} /> : null}
      {isAway ? null : view === 'changes' ? (
        <Change input={input} result={result} onResult={setResult} />
      ) : result ? (
        <Shown view={view} input={input} result={result} />
      ) : (
        <p class="quiet">Loading…</p>
      )}
    </main>
  );
};
