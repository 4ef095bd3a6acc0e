import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsk, type CallAnswer } from '../ask.ts';
import { AnswerTable, Badge, Loaded, Section } from '../parts.tsx';

interface CallEntry {
  time: string;
  principal?: string;
  host?: string;
  command?: string;
  tool?: string;
  kind?: string;
  risk?: string;
  result?: string;
  duration?: number;
  confirmation?: { by: string; who: string };
  error?: { message: string };
  params?: Record<string, unknown>;
}

interface AuditAnswer {
  entries: CallEntry[];
  isAll: boolean;
  chains?: { entries: number; isUnbroken: boolean; problems: string[] }[];
}

const columns = ['time', 'who', 'call', 'risk', 'result', 'took', 'approved by', 'about'];

const toAnswer = (entries: readonly CallEntry[]): CallAnswer => ({
  text: '',
  columns,
  rows: entries.map((entry) => ({
    time: entry.time.slice(0, 19).replace('T', ' '),
    who: [entry.principal, entry.host].filter(Boolean).join(', '),
    call: entry.command ?? entry.tool ?? entry.kind,
    risk: entry.risk,
    result: entry.result ?? entry.kind,
    took: entry.duration === undefined ? '' : `${entry.duration} ms`,
    'approved by': entry.confirmation?.who,
    about: entry.error?.message ?? (entry.params ? JSON.stringify(entry.params) : ''),
  })),
});

const Chain = ({ chains }: { chains: NonNullable<AuditAnswer['chains']> }): JSX.Element => (
  <ul class="facts">
    {chains.map(({ entries, isUnbroken, problems }, at) => (
      <li key={at}>
        {entries} entries, chain {isUnbroken ? <Badge>ok</Badge> : <Badge>failed</Badge>}{' '}
        {isUnbroken ? 'unbroken' : problems.join('; ')}
      </li>
    ))}
    {chains.length ? null : <li>There is no audit file on this machine.</li>}
  </ul>
);

/** The calls that were made, newest first, and whether their log is whole. */
export const Activity = (): JSX.Element => {
  const [verify, setVerify] = useState(false);
  const asked = useAsk<AuditAnswer>('audit', {}, 60_000, 'calls');
  const verified = useAsk<AuditAnswer>(verify ? 'audit' : undefined, { verify: true });
  return (
    <Section
      title="Calls"
      wide
      action={
        asked.data?.isAll ? (
          <button type="button" onClick={() => (verify ? verified.reload() : setVerify(true))}>
            Check the chain
          </button>
        ) : null
      }
    >
      {verify ? <Loaded asked={verified}>{({ chains = [] }) => <Chain chains={chains} />}</Loaded> : null}
      <Loaded asked={asked}>
        {({ entries, isAll }) => (
          <>
            <p class="quiet">{isAll ? 'Everybody’s calls' : 'Your calls'}, newest first, times in UTC.</p>
            <AnswerTable answer={toAnswer(entries)} label="Calls" />
          </>
        )}
      </Loaded>
    </Section>
  );
};
