import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { AskError, useAsk } from '../ask.ts';
import { Loaded, Problem, Section } from '../parts.tsx';
import { addPasskey, removePasskey } from '../passkey.ts';

interface PasskeysAnswer {
  passkeys: { id: string; added: string; isHere: boolean }[];
}

/** The passkeys with which someone approves. */
export const PasskeysView = (): JSX.Element => {
  const asked = useAsk<PasskeysAnswer>('passkeys');
  const [error, setError] = useState<AskError>();
  const [isBusy, setBusy] = useState(false);
  const change = (work: Promise<void>): void => {
    setBusy(true);
    setError(undefined);
    work
      .catch((problem: unknown) => setError(problem instanceof AskError ? problem : undefined))
      .finally(() => {
        setBusy(false);
        asked.reload();
      });
  };
  return (
    <Section
      title="Your passkeys"
      wide
      action={
        <button type="button" disabled={isBusy} onClick={() => change(addPasskey())}>
          Add a passkey
        </button>
      }
    >
      <Problem error={error} />
      <Loaded asked={asked}>
        {({ passkeys }) => (
          <ul class="facts">
            {passkeys.map(({ id, added, isHere }) => (
              <li key={id}>
                {id.slice(0, 8)}…, added {new Date(added).toLocaleString()}
                {isHere ? '' : ', on another address of this page'}{' '}
                <button
                  type="button"
                  disabled={isBusy}
                  aria-label={`Remove the passkey ${id.slice(0, 8)}`}
                  onClick={() => change(removePasskey(id))}
                >
                  Remove
                </button>
              </li>
            ))}
            {passkeys.length ? null : (
              <li>None. Calls for which the policy requires a passkey are approved with one.</li>
            )}
          </ul>
        )}
      </Loaded>
    </Section>
  );
};
