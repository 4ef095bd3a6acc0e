import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask, AskError, useAsk } from '../ask.ts';
import { Badge, Loaded, Problem } from '../parts.tsx';
import { signWithPasskey } from '../passkey.ts';

/** A call that waits, as the server shows it. Times in milliseconds since 1970. */
export interface CallCard {
  code: string;
  message: string;
  phrase?: string;
  caller: { principal: string; host: string; profile: string };
  about?: { calls: { command: string; risk: string; severity: string }[] };
  asked: number;
  until: number;
  isOwn: boolean;
  obstacle?: string;
  wantsPasskey: boolean;
}

const left = (until: number, now: number): string => {
  const seconds = Math.max(0, Math.round((until - now) / 1000));
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds} s`;
};

/** The seconds of a clock, for what counts down. */
const useNow = (): number => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
};

const Waiting = ({
  call,
  now,
  onReply,
}: {
  call: CallCard;
  now: number;
  onReply: (result: string) => void;
}): JSX.Element => {
  const [phrase, setPhrase] = useState('');
  const [reason, setReason] = useState('');
  const [error, setError] = useState<AskError>();
  const [isBusy, setBusy] = useState(false);
  const { code, message, about, caller, obstacle } = call;
  const [title = '', ...lines] = message.split('\n');
  const [command = ''] = title.split(':');
  const reply = async (approve: boolean): Promise<void> => {
    setBusy(true);
    try {
      const proof = approve && call.wantsPasskey ? { proof: await signWithPasskey({ code }) } : {};
      await ask('reply', {
        ...proof,
        code,
        approve,
        ...(call.phrase === undefined ? {} : { phrase }),
        reason,
      });
      onReply(approve ? `${command} was approved.` : `${command} was refused.`);
    } catch (problem) {
      if (problem instanceof AskError) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const id = `call-${code}`;
  return (
    <article class="card wide waiting" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        <span>
          {[...new Set(about?.calls.flatMap(({ risk, severity }) => [risk, severity]))].map((word) => (
            <Badge key={word}>{word}</Badge>
          ))}
        </span>
      </div>
      <ul class="facts">
        {lines.map((line, at) => (
          <li key={at}>{line}</li>
        ))}
      </ul>
      <p class="quiet">
        Code {code}. Asked by {call.isOwn ? 'you' : caller.principal} through {caller.host}. Waits for another{' '}
        {left(call.until, now)}.
      </p>
      {obstacle ? <p class="note">You cannot approve it: {obstacle}</p> : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void reply(true);
        }}
      >
        {call.phrase !== undefined && !obstacle ? (
          <label>
            Type the text in double quotes above
            <input
              value={phrase}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setPhrase(event.currentTarget.value)}
            />
          </label>
        ) : null}
        <label>
          Reason, if you refuse it
          <input value={reason} maxLength={300} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <div class="buttons">
          {obstacle ? null : (
            <button
              type="submit"
              class="danger"
              disabled={isBusy || (call.phrase !== undefined && phrase !== call.phrase)}
            >
              {call.wantsPasskey ? 'Approve with a passkey' : 'Approve'}
            </button>
          )}
          <button type="button" disabled={isBusy} onClick={() => void reply(false)}>
            Refuse
          </button>
        </div>
        <Problem error={error} />
      </form>
    </article>
  );
};

/** The calls that wait for a person; first the one that a link led to. */
export const Approvals = ({ code, onChange }: { code: string | undefined; onChange: () => void }): JSX.Element => {
  const asked = useAsk<{ waiting: CallCard[] }>('approvals', {}, 30_000, 'approvals');
  const [result, setResult] = useState('');
  const now = useNow();
  return (
    <div class="grid">
      <p class="result wide" role="status">
        {result}
      </p>
      <Loaded asked={asked}>
        {({ waiting }) =>
          waiting.length ? (
            [...waiting]
              .sort((a, b) => Number(b.code === code) - Number(a.code === code))
              .map((call) => (
                <Waiting
                  key={call.code}
                  call={call}
                  now={now}
                  onReply={(words) => {
                    setResult(words);
                    asked.reload();
                    onChange();
                  }}
                />
              ))
          ) : (
            <p class="wide quiet">No call waits for approval. The next one appears here by itself.</p>
          )
        }
      </Loaded>
    </div>
  );
};
