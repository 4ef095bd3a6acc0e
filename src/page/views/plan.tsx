import type { ComponentChildren, JSX } from 'preact';
import { Badge, Section } from '../parts.tsx';

/** A plan as the server shows it. */
export interface PlanData {
  id: string;
  state: string;
  tool: string;
  /** Said of a plan as it was saved, not of what became of one. */
  made?: string;
  principal?: string;
  profile?: string;
  counts?: Record<string, number>;
  steps?: {
    number: number;
    effect: string;
    command: string;
    targets?: { kind: string; id: string; name?: string }[];
    changes?: { field: string; old: string; new: string }[];
    dependents?: string[];
    risk?: string;
    severity?: string;
    reversible?: boolean;
    state?: string;
  }[];
  irreversible?: number[];
  problem?: string;
  goesOn?: string;
  isSame?: boolean;
}

/** Every step of a plan: what it acts on, old → new, what hangs on it, and what cannot be undone. */
export const PlanCard = ({ plan, children }: { plan: PlanData; children?: ComponentChildren }): JSX.Element => (
  <Section title={`Plan ${plan.id}`} wide action={<Badge>{plan.state}</Badge>}>
    <p class="quiet">
      {Object.entries(plan.counts ?? {})
        .flatMap(([effect, count]) => (count ? [`${effect} ${count}`] : []))
        .join(', ')}
      {plan.made === undefined
        ? null
        : `. Made by ${plan.principal ?? ''} for ${plan.profile ?? ''}, ${plan.made.slice(0, 16).replace('T', ' ')} UTC.`}
    </p>
    <ol class="facts">
      {plan.steps?.map((step) => (
        <li key={step.number}>
          <strong>{step.command}</strong>{' '}
          {[step.risk, step.severity, step.state].map((word) => (word ? <Badge key={word}>{word}</Badge> : null))}{' '}
          {step.targets?.map(({ kind, id, name }) => `${kind} ${name ?? id}`).join(', ')}
          <ul>
            {step.changes?.map((change) => (
              <li key={change.field}>
                {change.field}: {change.old} → {change.new}
              </li>
            ))}
            {step.dependents?.map((line) => (
              <li key={line}>with it: {line}</li>
            ))}
            {step.reversible !== false ? null : <li>This cannot be undone.</li>}
          </ul>
        </li>
      ))}
    </ol>
    {plan.isSame === false ? <p class="note">The cloud is not as it was when the plan was made.</p> : null}
    {plan.isSame === true ? <p>Everything is as it was when the plan was made.</p> : null}
    {plan.problem === undefined ? null : <p class="note">{plan.problem}</p>}
    {plan.goesOn === undefined ? null : <p class="note">{plan.goesOn}</p>}
    {children}
  </Section>
);
