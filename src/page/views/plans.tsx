import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, AskError, useAsk, type CallAnswer, type ShownRow } from '../ask.ts';
import { AnswerTable, Loaded, Problem, Section } from '../parts.tsx';
import { linkTo, type Address } from '../router.ts';
import { PlanCard, type PlanData } from './plan.tsx';
import { codePattern, useApproval } from './try-out.tsx';

const OnePlan = ({ id, profile }: { id: string; profile: string | undefined }): JSX.Element => {
  const asked = useAsk<{ plan: PlanData }>('plan', { action: 'diff', id, profile });
  const [error, setError] = useState<AskError>();
  const [code, setCode] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const act = async (action: 'apply' | 'discard'): Promise<void> => {
    setBusy(true);
    setError(undefined);
    setCode(undefined);
    try {
      await ask('plan', { action, id, profile });
      asked.reload();
    } catch (problem) {
      if (!(problem instanceof AskError)) throw problem;
      const [, waits] = codePattern.exec(problem.message) ?? [];
      setCode(waits);
      setError(waits === undefined ? problem : undefined);
      if (waits === undefined) asked.reload();
    } finally {
      setBusy(false);
    }
  };
  useApproval(code, () => void act('apply'));
  return (
    <div class="grid">
      <p class="wide">
        <a href={linkTo(['plans'])}>All plans</a>
      </p>
      <Loaded asked={asked}>
        {({ plan }) => (
          <PlanCard plan={plan}>
            {plan.state === 'open' ? (
              <div class="buttons">
                <button type="button" class="danger" disabled={isBusy} onClick={() => void act('apply')}>
                  Apply
                </button>
                <button type="button" disabled={isBusy} onClick={() => void act('discard')}>
                  Discard
                </button>
              </div>
            ) : null}
          </PlanCard>
        )}
      </Loaded>
      <div class="wide" role="status" aria-live="polite">
        {code === undefined ? null : (
          <p class="note">
            This plan waits for approval under the code {code}: see <a href={linkTo(['approvals'])}>Approvals</a>. It is
            applied once someone has answered, as long as this page is open here.
          </p>
        )}
        <Problem error={error} />
      </div>
    </div>
  );
};

/** Plans of one's own that wait to be applied, and those that were; one of them with every step. */
export const Plans = ({ place, profile }: { place: Address; profile: string | undefined }): JSX.Element => {
  const [id] = place.rest;
  const asked = useAsk<{ items: ShownRow[] }>(id === undefined ? 'plan' : undefined, { action: 'list', profile });
  if (id !== undefined) return <OnePlan key={id} id={id} profile={profile} />;
  return (
    <Section title="Plans" wide>
      <Loaded asked={asked}>
        {({ items }) => {
          const columns = Object.keys(items[0] ?? {}).filter((column) => typeof items[0]![column] !== 'object');
          const answer: CallAnswer = { text: '', columns, rows: items };
          const shown = ['plan', ...columns.filter((column) => column !== 'id')];
          const rows = items.map((row) => ({ plan: row['id'], ...row }));
          return (
            <AnswerTable
              answer={{ ...answer, columns: shown, rows }}
              label="Plans"
              linkOf={(row) => linkTo(['plans', String(row['plan'])])}
            />
          );
        }}
      </Loaded>
    </Section>
  );
};
