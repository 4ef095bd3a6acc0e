import type { ComponentChildren, JSX } from 'preact';
import { useAsk, type CallAnswer, type ShownRow } from '../ask.ts';
import { AnswerTable, Bar, Loaded, Problem, Section } from '../parts.tsx';
import { linkTo } from '../router.ts';

/** A part of the overview: its rows, or why they are not there. */
type Part = CallAnswer | { error: { message: string; hint: string } };

/** What there is and how it is, as the server read it. */
export interface OverviewData {
  machines: { state?: string; count?: number }[];
  capacity: Part;
  jobs: Part;
  alerts: Part;
  events: Part;
}

const numberOf = (row: ShownRow, field: string): number => Number(row[field] ?? 0);

interface PartProps {
  part: Part;
  children: (answer: CallAnswer) => ComponentChildren;
}

const InPart = ({ part, children }: PartProps): JSX.Element =>
  'error' in part ? <Problem error={part.error} /> : <>{children(part)}</>;

const Capacity = ({ part }: { part: Part }): JSX.Element => (
  <Section title="Capacity" wide>
    <InPart part={part}>
      {({ rows, cells, columns }) => {
        const word = (at: number, column: string): string => cells?.[at]?.[columns.indexOf(column)] ?? '';
        const zones = [...new Set(rows.map((row) => String(row['zonename'] ?? 'all zones')))];
        if (!rows.length) return <p class="quiet">The cloud shows no capacity to this account.</p>;
        return zones.map((zone) => (
          <div key={zone} class="bars">
            <h3>{zone}</h3>
            {rows.map((row, at) =>
              String(row['zonename'] ?? 'all zones') === zone && numberOf(row, 'capacitytotal') > 0 ? (
                <Bar
                  key={at}
                  label={String(row['name'] ?? row['type'])}
                  used={numberOf(row, 'capacityallocated') || numberOf(row, 'capacityused')}
                  total={numberOf(row, 'capacitytotal')}
                  note={`${word(at, row['capacityallocated'] ? 'capacityallocated' : 'capacityused')} of ${word(at, 'capacitytotal')}`}
                />
              ) : null,
            )}
          </div>
        ));
      }}
    </InPart>
  </Section>
);

const Recent = ({
  title,
  part,
  keep = () => true,
  wide = false,
}: {
  title: string;
  part: Part;
  wide?: boolean;
  keep?: (row: ShownRow) => boolean;
}): JSX.Element => (
  <Section title={title} wide={wide}>
    <InPart part={part}>
      {(answer) => {
        const shown = answer.rows.flatMap((row, at) => (keep(row) ? [at] : [])).slice(0, 8);
        const { cells } = answer;
        const short = {
          ...answer,
          rows: shown.map((at) => answer.rows[at]!),
          ...(cells ? { cells: shown.map((at) => cells[at]!) } : {}),
        };
        return <AnswerTable answer={short} label={title} />;
      }}
    </InPart>
  </Section>
);

/** What there is and how it is, at a glance. */
export const OverviewOf = ({ data }: { data: OverviewData }): JSX.Element => (
  <div class="grid wide">
    <Section title="Machines" wide>
      <div class="counts">
        {data.machines.map(({ state, count }) => (
          <a key={state} class="count" href={linkTo(['resources', 'UserVm'], state ? { state } : {})}>
            <strong>{count ?? '–'}</strong>
            <span>{state ?? 'All machines'}</span>
          </a>
        ))}
      </div>
    </Section>
    <Capacity part={data.capacity} />
    <Recent title="Running jobs" part={data.jobs} keep={(row) => Number(row['jobstatus']) === 0} />
    <Recent title="Alerts" part={data.alerts} />
    <Recent wide title="Events" part={data.events} />
  </div>
);

const everyMs = 30_000;

/** The overview, asked again from time to time. */
export const Overview = ({ profile }: { profile: string | undefined }): JSX.Element => {
  const asked = useAsk<OverviewData>('overview', { profile }, everyMs, 'jobs');
  return <Loaded asked={asked}>{(data) => <OverviewOf data={data} />}</Loaded>;
};
