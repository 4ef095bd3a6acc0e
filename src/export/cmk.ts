import { encodeParams } from '../request/encode.ts';
import { mask } from '../secrets/text.ts';
import { isId } from '../text.ts';
import type { Params } from '../types.ts';
import { createReferences, nounOf, type Exported, type ExportedCall } from './exported.ts';

const verbOf = (name: string): string => /^[a-z]+/.exec(name)?.[0] ?? name;

const quote = (text: string): string => (/^[\w.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The words of a call in a shell: parts that are names of variables stand in double quotes. */
const toWords = (
  { command, params, label }: ExportedCall,
  variableOf: (id: string) => string | undefined,
  secrets: Set<string>,
): string[] =>
  Object.entries(encodeParams(command, params as Params)).map(([name, value]) => {
    if (value.includes(mask)) {
      const secret = `${label}_${name}`.replace(/\W+/g, '_').toUpperCase();
      secrets.add(secret);
      return `${name}="$${secret}"`;
    }
    const parts = value.split(',').map((part) => (isId(part) ? variableOf(part) : undefined) ?? quote(part));
    const isPlain = parts.every((part) => !part.startsWith('"'));
    return `${quote(name)}=${isPlain ? quote(value) : parts.join(',')}`;
  });

/** One call as a line of cmk, for a comment. */
export const toCmkLine = ({ calls }: Pick<Exported, 'calls'>, call: ExportedCall): string => {
  const labels = new Map(calls.flatMap(({ id, label }) => (id === undefined ? [] : [[id, `"$${label}"`] as const])));
  const words = toWords(call, (id) => labels.get(id), new Set());
  return ['cmk', verbOf(call.command.name), nounOf(call.command), ...words].join(' ').replace(/\s/g, ' ');
};

/**
 * A shell script that makes the same with CloudMonkey (cmk) and jq: what is there already is looked up by its name, what it
 * makes goes into variables.
 */
export const toCmk = (exported: Exported): string => {
  const { calls, outside, notes } = exported;
  const { made } = createReferences(exported);
  const secrets = new Set<string>();
  const used = new Set<string>();
  const variableOf = (id: string): string | undefined => {
    const label = made.get(id)?.label ?? outside.get(id)?.label;
    if (label !== undefined) used.add(label);
    return label === undefined ? undefined : `"$${label}"`;
  };
  const bodies = calls.map((call) => {
    const { name } = call.command;
    return { call, line: [verbOf(name), nounOf(call.command), ...toWords(call, variableOf, secrets)].join(' ') };
  });
  const lookups = [...outside.values()].map(({ label, name, list, field, args }) => {
    const words = Object.entries(args).map(([key, value]) => `${key}=${quote(value)}`);
    return `${label}=$(find_id ${field} ${quote(name)} ${['list', list.replace(/^list/, '').toLowerCase(), ...words].join(' ')})`;
  });
  return [
    '#!/usr/bin/env bash',
    '# Needs CloudMonkey 6 (cmk), set to wait for jobs (set asyncblock true), and jq.',
    ...notes.map((note) => `# ${note}`),
    'set -euo pipefail',
    ...(secrets.size ? ['# Secrets are not exported: set these before.'] : []),
    ...[...secrets].map((name) => `: "\${${name}:?}"`),
    `find_id() { local field=$1 name=$2; shift 2; cmk -o json "$@" | jq -er --arg f "$field" --arg n "$name" 'first(.. | objects | select(.[$f]? == $n) | .id)'; }`,
    `make() { cmk -o json "$@" | jq -er 'first(.. | objects | .id? // empty)'; }`,
    '',
    ...lookups,
    '',
    ...bodies.map(({ call, line }) =>
      call.id !== undefined && used.has(call.label)
        ? `${call.label}=$(make ${line})`
        : `cmk -o json ${line} >/dev/null`,
    ),
    '',
  ].join('\n');
};
