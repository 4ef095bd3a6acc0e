import { holds, valuesOf } from '../ask/evaluate.ts';
import { toKebab } from '../catalog/names.ts';
import { dataNote } from '../errors.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { Outcome } from '../types.ts';
import type { Seen } from './look.ts';
import type { Cause, Plan } from './plans.ts';

/** A cause that was found, with what proves it and what would mend it. */
interface Finding {
  cause: string;
  evidence: readonly { source: string; field: string; value: string }[];
  mend: readonly { tool: string; arguments: Readonly<Record<string, string>> }[];
}

const maxFindings = 5;
const maxValues = 4;
const maxEvents = 3;

/** A description is a sentence; what else is shown is a name or a figure. */
const lengthOf = (path: string): number => (path.endsWith('.description') ? 160 : 60);

const textOf = (facts: Row, path: string, maxLength = lengthOf(path)): string => {
  const values = [...new Set(valuesOf(facts, path).map(String))];
  const shown = values.slice(0, maxValues).map((value) => toLabel(value, maxLength));
  return [...shown, ...(values.length > maxValues ? [`${values.length - maxValues} more`] : [])].join(', ') || 'none';
};

const fill = (text: string, facts: Row): string =>
  text.replace(/\{([\w.]+)\}/g, (_, path: string) => textOf(facts, path));

const toFinding = ({ text, evidence, mend }: Cause, { facts, sources }: Seen): Finding => ({
  cause: fill(text, facts),
  evidence: evidence.map((path) => {
    const [head = '', ...rest] = path.split('.');
    const field = rest.join('.');
    return {
      source: sources.get(head) ?? 'asked',
      field: field || head,
      value:
        field === '' && Array.isArray(facts[head]) ? `${(facts[head] as unknown[]).length} rows` : textOf(facts, path),
    };
  }),
  mend: mend.flatMap(([tool, params]) => {
    const filled = Object.entries(params).map(([name, value]) => [
      name,
      value.startsWith('$') ? valuesOf(facts, value.slice(1)).map(String)[0] : value,
    ]);
    // A call that lacks its thing is no help.
    return filled.some(([, value]) => value === undefined)
      ? []
      : [{ tool, arguments: Object.fromEntries(filled) as Record<string, string> }];
  }),
});

/** The symptoms that a question speaks of, by the words of the plan. */
export const symptomsIn = ({ symptoms }: Plan, question: string): string[] => {
  const text = question.toLowerCase();
  return Object.entries(symptoms).flatMap(([symptom, words]) =>
    words.some((word) => text.includes(word)) ? [symptom] : [],
  );
};

const evidenceText = ({ evidence }: Finding): string =>
  evidence.map(({ source, field, value }) => `${toKebab(source)}: ${field} = ${value}`).join('; ');

/** Says what is wrong: the causes that explain the question first, with evidence, what was not seen, and calls that would fix it. */
export const toVerdict = (plan: Plan, asked: readonly string[], seen: Seen): Outcome => {
  const { facts, sources, unseen, requests } = seen;
  const found = plan.causes.filter(
    ({ needs, when, onlyAsked, for: symptoms }) =>
      (!onlyAsked || symptoms.some((symptom) => asked.includes(symptom))) &&
      needs.every((name) => facts[name] !== undefined) &&
      holds(when, facts),
  );
  const explains = (cause: Cause): boolean =>
    !asked.length || !cause.for.length || cause.for.some((symptom) => asked.includes(symptom));
  const ordered = [...found.filter(explains), ...found.filter((cause) => !explains(cause))];
  const findings = ordered.slice(0, maxFindings).map((cause) => toFinding(cause, seen));
  const [first] = findings;
  const { as } = plan.reads[0]!;
  const name = ['displayname', 'name', 'ipaddress', 'cmd']
    .map((field) => textOf(facts, `${as}.${field}`))
    .find((text) => text !== 'none');
  const thing = `${plan.title} ${name ?? textOf(facts, 'id')}`;
  const verdict = first
    ? `${thing}: ${first.cause}`
    : `${thing}: no cause was found; its state is ${textOf(facts, `${as}.state`)}.`;
  const events = Array.isArray(facts['events']) ? (facts['events'] as Row[]).slice(0, maxEvents) : [];
  const recent = events.map(
    ({ created, type, description }) =>
      `${toLabel(String(created), 30)} ${toLabel(String(type), 30)} ${toLabel(String(description), 100)}`,
  );
  const lookedAt = [...new Set(sources.values())].map(toKebab);
  const notSeen = [...new Set(unseen.map(({ command, why }) => `${toKebab(command)} (${why})`))];
  return {
    text: [
      verdict,
      ...findings.flatMap((finding, at) => [
        `${at + 1}. ${finding.cause}`,
        `   Seen: ${evidenceText(finding)}`,
        ...(finding.mend.length
          ? [`   To fix it: ${finding.mend.map((one) => `${one.tool} ${JSON.stringify(one.arguments)}`).join('; ')}`]
          : []),
      ]),
      ...(found.length > maxFindings ? [`${found.length - maxFindings} more findings are left out.`] : []),
      ...(recent.length ? ['Recent errors:', ...recent.map((line) => `   ${line}`)] : []),
      `Looked at: ${lookedAt.join(', ')}. Nothing was changed.`,
      ...(notSeen.length ? [`Not seen: ${notSeen.join(', ')}.`] : []),
      dataNote,
    ].join('\n'),
    structured: {
      verdict,
      findings,
      ...(recent.length ? { events: recent } : {}),
      lookedAt,
      notSeen,
      requests,
    },
    rows: () => findings.map(({ cause, evidence, mend }) => ({ cause, evidence, mend })),
    columns: ['cause', 'evidence', 'mend'],
  };
};
