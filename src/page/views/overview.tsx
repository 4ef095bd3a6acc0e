import type { JSX } from 'preact';
import { useAsk, type CallAnswer, type ShownRow } from '../ask.ts';
import { AnswerTable, Bar, Loaded, Section } from '../parts.tsx';
import { linkTo } from '../router.ts';

const everyMs = 15_000;

const numberOf = (row: ShownRow, field: string): number => Number(row[field] ?? 0);

const Capacity = ({ profile }: { profile: string | undefined }): JSX.Element => {
  const asked = useAsk<CallAnswer>('call', { tool: 'list-capacity', profile, pagesize: 200 }, everyMs * 4);
  return (
    <Section title="Capacity" wide>
      <Loaded asked={asked}>
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
      </Loaded>
    </Section>
  );
};

const states = ['Running', 'Stopped', 'Starting', 'Stopping', 'Migrating', 'Error'];

const Count = ({ state, profile }: { state: string | undefined; profile: string | undefined }): JSX.Element => {
  const args = state ? { state } : {};
  const asked = useAsk<CallAnswer>(
    'call',
    { tool: 'list-virtual-machines', args, profile, pagesize: 1, fields: ['id'] },
    everyMs * 2,
  );
  const value = asked.data ? String(asked.data.count ?? asked.data.rows.length) : asked.error ? '–' : '…';
  return (
    <a class="count" href={linkTo(['resources', 'UserVm'], state ? { state } : {})}>
      <strong>{value}</strong>
      <span>{state ?? 'All machines'}</span>
    </a>
  );
};

const Recent = ({
  title,
  tool,
  profile,
  columns,
  keep = () => true,
  wide = false,
}: {
  title: string;
  wide?: boolean;
  tool: string;
  profile: string | undefined;
  columns: readonly string[];
  keep?: (row: ShownRow) => boolean;
}): JSX.Element => {
  const asked = useAsk<CallAnswer>('call', { tool, profile, pagesize: 20, fields: columns }, everyMs);
  return (
    <Section title={title} wide={wide}>
      <Loaded asked={asked}>
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
      </Loaded>
    </Section>
  );
};

/** What there is and how it is, at a glance. */
export const Overview = ({ profile }: { profile: string | undefined }): JSX.Element => (
  <div class="grid">
    <Section title="Machines" wide>
      <div class="counts">
        {[undefined, ...states].map((state) => (
          <Count key={state} state={state} profile={profile} />
        ))}
      </div>
    </Section>
    <Capacity profile={profile} />
    <Recent
      title="Jobs that run"
      tool="list-async-jobs"
      profile={profile}
      columns={['cmd', 'jobstatus', 'account', 'created']}
      keep={(row) => Number(row['jobstatus']) === 0}
    />
    <Recent title="Alerts" tool="list-alerts" profile={profile} columns={['name', 'description', 'sent']} />
    <Recent
      wide
      title="Events"
      tool="list-events"
      profile={profile}
      columns={['type', 'level', 'description', 'created']}
    />
  </div>
);
