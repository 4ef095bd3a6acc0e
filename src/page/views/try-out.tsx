import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask, AskError, type CallAnswer } from '../ask.ts';
import { appView } from '../bridge.ts';
import { AnswerTable, Badge, Problem, Section } from '../parts.tsx';
import { linkTo } from '../router.ts';
import { Field, readFields, type FieldSchema } from './fields.tsx';

/** A tool as the server describes it. */
export interface Description {
  tool: string;
  command: string;
  summary: string;
  risk: string;
  severity?: string;
  warning?: string;
  required: string[];
  inputSchema: { description?: string; properties?: Record<string, FieldSchema>; required?: string[] };
}

/** How an answer says that its call waits. */
export const codePattern = /Approval code: ([A-Z0-9]{4}-[A-Z0-9]{4})/;
// The page is told at once; a yes at a terminal is found by looking.
const lookAgainMs = 5000;

const Answer = ({ answer }: { answer: CallAnswer }): JSX.Element => {
  if (answer.preview)
    return (
      <>
        <p>This would be sent, unsigned. Nothing was changed.</p>
        <pre tabIndex={0}>{JSON.stringify(answer.preview, null, 2)}</pre>
      </>
    );
  return (
    <>
      {answer.job ? (
        <p>
          Job {answer.job.id}: <Badge>{answer.job.status}</Badge>
        </p>
      ) : null}
      {answer.cells && answer.rows.length ? (
        <AnswerTable answer={answer} label="Answer" />
      ) : (
        <pre tabIndex={0}>{answer.text}</pre>
      )}
    </>
  );
};

/** Goes on by itself once the call is no longer among those that wait: approved, it runs; refused, it says who and why. */
export const useApproval = (code: string | undefined, onAnswered: () => void): void => {
  useEffect(() => {
    if (code === undefined || appView !== undefined) return;
    // Several looks may be on their way.
    let isAnswered = false;
    const look = (): void => {
      ask<{ waiting: { code: string }[] }>('approvals').then(
        ({ waiting }) => {
          if (waiting.some((call) => call.code === code)) return;
          if (isAnswered) return;
          isAnswered = true;
          stop();
          onAnswered();
        },
        () => undefined,
      );
    };
    const timer = setInterval(look, lookAgainMs);
    addEventListener('live-approvals', look);
    const stop = (): void => {
      clearInterval(timer);
      removeEventListener('live-approvals', look);
    };
    return stop;
  }, [code]);
};

/** A form made from the tool's schema: shows the request that it would become, or makes the call. */
export const TryOut = ({
  tool,
  given,
  profile,
}: {
  tool: Description;
  given: Record<string, string>;
  profile: string | undefined;
}): JSX.Element => {
  const { properties = {}, description } = tool.inputSchema;
  const [values, setValues] = useState<Record<string, string>>(given);
  const [answer, setAnswer] = useState<CallAnswer>();
  const [error, setError] = useState<AskError>();
  const [code, setCode] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const run = async (dryRun: boolean): Promise<void> => {
    setBusy(true);
    setAnswer(undefined);
    setError(undefined);
    setCode(undefined);
    try {
      const args = readFields(properties, values);
      setAnswer(await ask<CallAnswer>('call', { tool: tool.tool, args, profile, dryRun, wait: dryRun ? 0 : 20_000 }));
    } catch (problem) {
      if (!(problem instanceof AskError)) throw problem;
      const [, waits] = codePattern.exec(problem.message) ?? [];
      setCode(waits);
      setError(waits === undefined ? problem : undefined);
    } finally {
      setBusy(false);
    }
  };
  useApproval(code, () => void run(false));
  const isRequired = (name: string): boolean => tool.required.includes(name);
  const needed = Object.keys(properties).filter((name) => isRequired(name) || name in given);
  const others = Object.keys(properties).filter((name) => !needed.includes(name));
  const field = (name: string): JSX.Element => (
    <Field
      key={name}
      name={name}
      schema={properties[name]!}
      isRequired={isRequired(name)}
      value={values[name] ?? ''}
      onChange={(value) => setValues((old) => ({ ...old, [name]: value }))}
    />
  );
  return (
    <>
      <Section title={tool.tool} wide action={<Badge>{tool.risk}</Badge>}>
        <p>
          {tool.summary} <span class="quiet">({tool.command})</span>
        </p>
        {tool.warning ? <p class="note">{tool.warning}</p> : null}
        {description ? <p class="quiet">{description}</p> : null}
        <form
          class="fields-form"
          onSubmit={(event) => {
            event.preventDefault();
            void run(false);
          }}
        >
          {needed.map(field)}
          {others.length ? (
            <details open={needed.length === 0 && others.length < 8}>
              <summary>{others.length} more parameters</summary>
              <div class="fields-form">{others.map(field)}</div>
            </details>
          ) : null}
          <div class="buttons">
            <button type="button" disabled={isBusy} onClick={() => void run(true)}>
              Show the request
            </button>
            <button type="submit" class={tool.risk === 'read' ? 'main' : 'danger'} disabled={isBusy}>
              {isBusy ? 'Running…' : 'Run'}
            </button>
          </div>
        </form>
      </Section>
      <div class="wide" role="status" aria-live="polite">
        {code === undefined ? null : (
          <p class="note">
            This call waits for approval under the code {code}
            {appView === undefined ? (
              <>
                : see <a href={linkTo(['approvals'])}>Approvals</a>. It continues by itself once someone has answered,
                as long as this page is open here.
              </>
            ) : (
              '. Once someone has approved it, press Run again.'
            )}
          </p>
        )}
        <Problem error={error} />
        {answer ? (
          <Section title="Answer" wide>
            <Answer answer={answer} />
          </Section>
        ) : null}
      </div>
    </>
  );
};
