import type { ComponentChildren, JSX } from 'preact';
import { inWords, type Inquiry, type CallAnswer, type ShownRow } from './ask.ts';

/** What went wrong, and the next thing to do. */
export const Problem = ({ error }: { error: { message: string; hint: string } | undefined }): JSX.Element | null =>
  error ? (
    <p class="problem" role="alert">
      <strong>{error.message}</strong> {error.hint}
    </p>
  ) : null;

/** An answer, or what there is instead: that it is being asked for, or what went wrong. */
export const Loaded = <T,>({
  asked,
  children,
}: {
  asked: Inquiry<T>;
  children: (data: T) => ComponentChildren;
}): JSX.Element => {
  if (asked.error) return <Problem error={asked.error} />;
  if (asked.data === undefined) return <p class="quiet">Loading…</p>;
  return <>{children(asked.data)}</>;
};

/** A part of a view under its heading. */
export const Section = ({
  title,
  children,
  wide,
  action,
}: {
  title: string;
  children: ComponentChildren;
  wide?: boolean;
  action?: ComponentChildren;
}): JSX.Element => (
  <section class={wide ? 'card wide' : 'card'}>
    <div class="card-head">
      <h2>{title}</h2>
      {action}
    </div>
    {children}
  </section>
);

const tones: readonly (readonly [string, RegExp])[] = [
  ['good', /^(running|up|enabled|ready|allocated|implemented|ok|done|succeeded|backedup|true)$/i],
  ['bad', /^(error|down|alert|failed|disabled|destroyed|destroy|expunging|critical|refused|unknown)$/i],
  ['warn', /^(stopped|stopping|starting|pending|degraded|warn|change|high|sensitive|migrating|accepted|cancelled)$/i],
];

/** A state or a risk: its word, and a colour that says no more than the word. */
export const Badge = ({ children }: { children: string; key?: string }): JSX.Element => (
  <span class={`badge ${tones.find(([, pattern]) => pattern.test(children))?.[0] ?? ''}`}>{children}</span>
);

const isState = (column: string): boolean => /^(state|status|risk|result|level|resourcestate)$/.test(column);

const Cell = ({ column, children }: { column: string; children: string }): JSX.Element =>
  isState(column) && children ? <Badge>{children}</Badge> : <>{children}</>;

/** A table of an answer. Headings sort where `onSort` is given; `linkOf` gives a row its address. */
export const AnswerTable = ({
  answer,
  label,
  linkOf,
  sort,
  onSort,
  columns = answer.columns,
  actionOf,
}: {
  answer: CallAnswer;
  label: string;
  linkOf?: (row: ShownRow) => string | undefined;
  sort?: string;
  onSort?: (sort: string) => void;
  columns?: readonly string[];
  /** What can be done with a row, in a last column. */
  actionOf?: (row: ShownRow) => JSX.Element | null;
}): JSX.Element => {
  const at = columns.map((column) => answer.columns.indexOf(column));
  const shown = columns.filter((column) => column !== 'id');
  const nextSort = (column: string): string => (sort === column ? `-${column}` : column);
  const order = (column: string) =>
    sort === column ? ('ascending' as const) : sort === `-${column}` ? ('descending' as const) : ('none' as const);
  if (!answer.rows.length) return <p class="quiet">Nothing here.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {shown.map((column) =>
              onSort ? (
                <th key={column} scope="col" aria-sort={order(column)}>
                  <button type="button" class="plain" onClick={() => onSort(nextSort(column))}>
                    {column}
                    <span aria-hidden="true">{{ ascending: ' ▲', descending: ' ▼', none: '' }[order(column)]}</span>
                  </button>
                </th>
              ) : (
                <th key={column} scope="col">
                  {column}
                </th>
              ),
            )}
            {actionOf ? <td /> : null}
          </tr>
        </thead>
        <tbody>
          {answer.rows.map((row, number) => {
            const link = linkOf?.(row);
            return (
              <tr key={number}>
                {shown.map((column, place) => {
                  const index = at[columns.indexOf(column)]!;
                  const text = answer.cells?.[number]?.[index] ?? inWords(row[column]);
                  return (
                    <td key={column}>
                      {place === 0 && link ? (
                        <a href={link}>{text || inWords(row['id']) || '(no name)'}</a>
                      ) : (
                        <Cell column={column}>{text}</Cell>
                      )}
                    </td>
                  );
                })}
                {actionOf ? <td>{actionOf(row)}</td> : null}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
};

const maxShown = 300;

/** Which page is shown, and the ways to its neighbours, where there are pages. */
export const Pager = ({
  page,
  isMore,
  onPage,
  children,
}: {
  page: number;
  isMore: boolean;
  onPage: ((page: number) => void) | undefined;
  children: ComponentChildren;
}): JSX.Element => (
  <div class="pager">
    <span class="quiet" role="status">
      {children}
    </span>
    {onPage ? (
      <>
        <button type="button" disabled={page === 1} onClick={() => onPage(page - 1)}>
          Previous
        </button>
        <button type="button" disabled={!isMore} onClick={() => onPage(page + 1)}>
          Next
        </button>
      </>
    ) : null}
  </div>
);

/** A text; a long one opens. */
export const LongText = ({ children }: { children: string }): JSX.Element =>
  children.length > maxShown ? (
    <details>
      <summary>{children.slice(0, maxShown / 4)}…</summary>
      {children}
    </details>
  ) : (
    <>{children}</>
  );

/** A part of a whole as a bar, with its numbers in words beside it. */
export const Bar = ({
  label,
  used,
  total,
  note,
}: {
  label: string;
  used: number;
  total: number;
  note: string;
}): JSX.Element => {
  const percent = total > 0 ? Math.min(100, (100 * used) / total) : 0;
  const tone = percent >= 90 ? 'bad' : percent >= 75 ? 'warn' : 'good';
  return (
    <div class="bar">
      <span class="bar-label">{label}</span>
      <svg
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${Math.round(percent)} % used`}
      >
        <rect class="track" width="100" height="8" rx="2" />
        <rect class={tone} width={percent} height="8" rx="2" />
      </svg>
      <span class="bar-note">
        {Math.round(percent)} % <span class="quiet">{note}</span>
      </span>
    </div>
  );
};

/** A line through the last values; its newest stands beside it in words. */
export const Sparkline = ({
  label,
  values,
  unit,
}: {
  label: string;
  values: readonly number[];
  unit: string;
}): JSX.Element => {
  const maxValue = Math.max(1, ...values);
  const points = values.map(
    (value, at) => `${(100 * at) / Math.max(1, values.length - 1)},${28 - (26 * value) / maxValue}`,
  );
  return (
    <div class="spark">
      <span>{label}</span>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={`${label} over the last minutes`}>
        <polyline points={points.join(' ')} />
      </svg>
      <strong>
        {values.at(-1) ?? 0} {unit}
      </strong>
    </div>
  );
};
