import { Command } from 'commander';
import { expect, test } from 'vitest';
import { fieldsOf } from '../../src/ask/query.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findField } from '../../src/catalog/response-fields.ts';
import { commands } from '../../src/cli/commands.ts';
import { loadSettings } from '../../src/cli/options.ts';
import { askedNames, findPlan, loadPlans, type Plan } from '../../src/diagnose/plans.ts';
import { compactTools } from '../../src/mcp/compact.ts';

// data/diagnoses.json names commands, parameters and fields that there are.

const { find } = loadCatalog();

/** The type of the rows that each name of a plan stands for. */
const responsesOf = ({ reads, picks }: Plan): Map<string, string> => {
  const types = new Map(reads.map(({ as, command }) => [as, find(command)?.command.response ?? '']));
  for (const { as, from } of picks) types.set(as, types.get(from) ?? '');
  return types;
};

const problemWith = (path: string, types: ReadonlyMap<string, string>): string[] => {
  const [head = '', ...rest] = path.split('.');
  if (askedNames.includes(head)) return [];
  const type = types.get(head);
  if (type === undefined) return [`${path}: nothing is read as ${head}`];
  const found = rest.length ? findField(type, rest.join('.')) : undefined;
  return found && !('name' in found) ? [`${path}: ${type} has no such field`] : [];
};

test.each(loadPlans().map((plan) => [plan.kind, plan] as const))('%s', (kind, plan) => {
  const { reads, picks, causes, symptoms } = plan;
  const types = responsesOf(plan);
  const problems: string[] = [];
  const check = (path: string): void => void problems.push(...problemWith(path, types));
  const checkCall = (name: string, params: Readonly<Record<string, string>>): void => {
    const tool = find(name);
    if (!tool) problems.push(`${name} is no command`);
    for (const [parameter, value] of Object.entries(params)) {
      if (!tool?.command.params.some((one) => one.name === parameter)) problems.push(`${name} has no ${parameter}`);
      if (value.startsWith('$')) check(value.slice(1));
    }
  };
  for (const { command, params, otherwise = {} } of reads) {
    expect(find(command)?.risk.risk, command).toBe('read');
    checkCall(command, params);
    checkCall(command, otherwise);
  }
  for (const { from, where } of picks) {
    const type = types.get(from);
    if (type === undefined) problems.push(`nothing is read as ${from}`);
    for (const field of fieldsOf({ where, sort: [] }))
      if (field.startsWith('at.')) check(field.slice(3));
      else check(`${from}.${field}`);
  }
  for (const { when, evidence, text, mend, for: explains } of causes) {
    expect(evidence.length, text).toBeGreaterThan(0);
    const values = [...text.matchAll(/\{([\w.]+)\}/g)].map(([, path]) => path!);
    for (const path of [...fieldsOf({ where: when, sort: [] }), ...evidence, ...values]) check(path);
    for (const [tool, params] of mend) {
      if (tool === 'diagnose') expect(findPlan(params['kind']!), text).toBeDefined();
      else checkCall(tool, params);
    }
    for (const symptom of explains) expect(Object.keys(symptoms), text).toContain(symptom);
  }
  expect(problems, kind).toEqual([]);
});

test('the tool and the command line name the kinds that there are', async () => {
  const kinds = loadPlans()
    .map(({ kind }) => kind)
    .join(', ');
  const { kind } = compactTools.find(({ name }) => name === 'diagnose')!.inputSchema.properties!;
  expect(kind).toMatchObject({ description: kinds });
  await loadSettings();
  const command = new Command();
  commands['diagnose']!.build(command, {} as never, () => undefined);
  expect(command.registeredArguments[0]?.description).toBe(kinds);
});
