import { readExpression, type Expression } from '../ask/expression.ts';
import { fieldsOf } from '../ask/query.ts';
import { loadData } from '../data.ts';

/** A list that is read; `$as.field` in its parameters stands for values of what was read before it. */
export interface ReadStep {
  as: string;
  command: string;
  params: Readonly<Record<string, string>>;
  /** Parameters to try where the caller may not read with the first ones. */
  otherwise?: Readonly<Record<string, string>>;
  /** The one thing that is meant: its fields stand under `as`, without a list. */
  single?: true;
  /** Read once for each value of the parameter, of so many. */
  each?: number;
  /** Read only where the question speaks of one of these symptoms, or of none. */
  for?: readonly string[];
}

/** Rows of a list that was read which fit; `at` leads to everything else that is known. */
export interface PickStep {
  as: string;
  from: string;
  where: Expression;
  /** A field of the row with tags, which must hold every tag of another one. */
  tags?: readonly [own: string, wanted: string];
  single?: true;
}

/** A cause that is found where its condition holds. */
export interface Cause {
  when: Expression;
  /** The names of what it needs to have been read. */
  needs: readonly string[];
  /** Symptoms that it explains; every one where there are none. */
  for: readonly string[];
  /** Said only where the question speaks of one of these: of itself it is no fault. */
  onlyAsked?: true;
  /** What is wrong, with `{as.field}` for values. */
  text: string;
  /** Fields that prove it. */
  evidence: readonly string[];
  /** Calls that would mend it. */
  mend: readonly (readonly [tool: string, params: Readonly<Record<string, string>>])[];
}

/** How one kind of thing is diagnosed. */
export interface Plan {
  kind: string;
  title: string;
  /** Other words for the kind. */
  also: readonly string[];
  /** Symptom → words of a question that mean it. */
  symptoms: Readonly<Record<string, readonly string[]>>;
  reads: readonly ReadStep[];
  picks: readonly PickStep[];
  causes: readonly Cause[];
}

/** A cause as it stands in data/diagnoses.json. */
interface StoredCause {
  when: string;
  for?: readonly string[];
  onlyAsked?: true;
  text: string;
  evidence: readonly string[];
  mend?: Cause['mend'];
}

/** A plan as it stands in data/diagnoses.json. */
interface StoredPlan extends Omit<Plan, 'also' | 'symptoms' | 'picks' | 'causes'> {
  also?: readonly string[];
  symptoms?: Plan['symptoms'];
  picks?: readonly (Omit<PickStep, 'where'> & { where?: string })[];
  causes: readonly StoredCause[];
  /** A kind whose causes it has too, but those that look at some things; `owner` stands where calls of that kind name an account. */
  like?: { kind: string; owner: Readonly<Record<string, string>>; without: readonly string[] };
}

/** What is known beside what was read: what was asked. */
export const askedNames: readonly string[] = ['id', 'port', 'protocol', 'question', 'at'];

// In data/diagnoses.json every field is reached by a dot, but those of the row that a pick looks at, on the left.
const read = (text: string): Expression => readExpression(text, (word) => word.includes('.'));

const headsOf = (where: Expression): string[] => [
  ...new Set(fieldsOf({ where, sort: [] }).map((field) => field.split('.', 1)[0]!)),
];

/** The causes of a plan, with those of the kind that it is like. */
const causesOf = ({ causes, like }: StoredPlan, all: readonly StoredPlan[]): readonly StoredCause[] => {
  if (!like) return causes;
  const { owner, without } = like;
  const others = all
    .find(({ kind }) => kind === like.kind)!
    .causes.filter(({ when }) => !without.some((word) => when.includes(word)));
  return [
    ...causes,
    ...others.map((cause) => ({
      ...cause,
      mend: (cause.mend ?? []).map(([tool, { account, domainid, ...params }]): Cause['mend'][number] => [
        tool,
        account === undefined
          ? { ...(domainid === undefined ? {} : { domainid }), ...params }
          : { ...owner, ...params },
      ]),
    })),
  ];
};

let plans: readonly Plan[] | undefined;

/** Every plan of data/diagnoses.json. */
export const loadPlans = (): readonly Plan[] =>
  (plans ??= loadData<StoredPlan[]>('diagnoses.json').map((plan, _, all) => ({
    also: [],
    symptoms: {},
    ...plan,
    picks: (plan.picks ?? []).map((pick) => ({ ...pick, where: read(pick.where ?? 'true') })),
    causes: causesOf(plan, all).map((cause) => {
      const when = read(cause.when);
      const needs = headsOf(when).filter((name) => !askedNames.includes(name));
      return { for: [], mend: [], ...cause, when, needs };
    }),
  })));

/** The plan for a kind, by any of its words. */
export const findPlan = (kind: string): Plan | undefined => {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const wanted = plain(kind);
  return loadPlans().find((plan) => [plan.kind, plan.title, ...plan.also].some((word) => plain(word) === wanted));
};
