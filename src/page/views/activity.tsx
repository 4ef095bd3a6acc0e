import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, AskError, useAsk, type CallAnswer, type ShownRow } from '../ask.ts';
import { AnswerTable, Badge, Loaded, Pager, Problem, Section } from '../parts.tsx';

interface CallEntry {
  call?: string;
  time: string;
  principal?: string;
  host?: string;
  command?: string;
  tool?: string;
  kind?: string;
  risk?: string;
  result?: string;
  duration?: number;
  confirmation?: { by: string; who: string; means?: string };
  refusal?: { by: string; who: string; means?: string };
  error?: { message: string };
  params?: Record<string, unknown>;
}

interface AuditAnswer {
  entries: CallEntry[];
  isAll: boolean;
  isMore: boolean;
  chains?: { entries: number; isUnbroken: boolean; problems: string[] }[];
}

const columns = ['time', 'who', 'call', 'risk', 'result', 'took', 'approved by', 'about'];

const approverOf = ({ confirmation, refusal }: CallEntry): string => {
  const reply = confirmation ?? refusal;
  return reply ? `${refusal ? 'no: ' : ''}${reply.who} (${reply.means ?? reply.by})` : '';
};

/** Gives the browser a file to save. */
const download = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
};

const maxAbout = 300;
const short = (text: string): string => (text.length > maxAbout ? `${text.slice(0, maxAbout)}…` : text);

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
    'approved by': approverOf(entry),
    call_id: (entry.confirmation ?? entry.refusal) && entry.call,
    about: short(entry.error?.message ?? (entry.params ? JSON.stringify(entry.params) : '')),
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
  const [page, setPage] = useState(1);
  const asked = useAsk<AuditAnswer>('audit', { page }, 60_000, 'calls');
  const [error, setError] = useState<AskError>();
  const give = (id: string): void => {
    ask<{ receipt: string }>('receipt', { id }).then(
      ({ receipt }) => download(`${id}.receipt`, receipt),
      (problem: unknown) => {
        if (problem instanceof AskError) setError(problem);
      },
    );
  };
  const receiptOf = (row: ShownRow): JSX.Element | null => {
    const id = row['call_id'];
    return typeof id === 'string' ? (
      <button
        type="button"
        aria-label={`Receipt of ${String(row['call'])}, ${String(row['time'])}`}
        onClick={() => give(id)}
      >
        Receipt
      </button>
    ) : null;
  };
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
        {({ entries, isAll, isMore }) => (
          <>
            <p class="quiet">{isAll ? 'Everybody’s calls' : 'Your calls'}, newest first, times in UTC.</p>
            <Problem error={error} />
            <AnswerTable answer={toAnswer(entries)} label="Calls" actionOf={receiptOf} />
            {page > 1 || isMore ? (
              <Pager page={page} isMore={isMore} onPage={setPage}>
                Page {page}
              </Pager>
            ) : null}
          </>
        )}
      </Loaded>
    </Section>
  );
};
