import { loadCatalog } from '../catalog/catalog.ts';
import type { ScriptSettings } from '../config/script.ts';
import type { Outcome } from '../types.ts';

/** The commands that a script names, in the order of their first mention. */
export const commandsIn = (code: string): string[] => [
  ...new Set(
    [...code.matchAll(/\bcloudstack\s*(?:\?\.|\.)\s*(\w{1,80})|\bcloudstack\s*\[\s*['"`](\w{1,80})['"`]\s*\]/g)].map(
      ([, plain, quoted]) => (plain ?? quoted)!,
    ),
  ),
];

/** What a script may take at most, in one line. */
export const boundsInText = ({
  scriptCalls,
  scriptParallel,
  scriptTime,
  scriptCompute,
  scriptMemory,
}: ScriptSettings): string =>
  `at most ${scriptCalls} calls, ${scriptParallel} at once, in ${scriptTime} s, of which it computes ${scriptCompute} s, with ${scriptMemory} MiB`;

/** What a script would take at most, and which commands it names with what risk; nothing of it is run. */
export const describeBounds = (code: string, script: string, settings: ScriptSettings): Outcome => {
  const found = commandsIn(code).map((name) => ({ name, tool: loadCatalog().find(name) }));
  const commands = found.flatMap(({ tool }) =>
    tool ? [{ command: tool.command.name, risk: tool.risk.risk, severity: tool.risk.severity }] : [],
  );
  const unknown = found.flatMap(({ name, tool }) => (tool ? [] : [name]));
  // A name that is only computed as it runs is seen by no one before.
  const isComplete = !/\bcloudstack\s*\[(?!\s*['"`]\w+['"`]\s*\])/.test(code);
  const changes = commands.filter(({ risk }) => risk !== 'read');
  const text = [
    `It takes ${boundsInText(settings)}. Nothing was sent.`,
    commands.length
      ? `It names: ${commands.map(({ command, risk }) => (risk === 'read' ? command : `${command} (${risk})`)).join(', ')}.`
      : 'It names no command.',
    ...(unknown.length ? [`Unknown: ${unknown.join(', ')}.`] : []),
    ...(isComplete ? [] : ['It computes names of commands as it runs: there may be others.']),
    changes.length
      ? 'Each change is asked about by itself, and the script ends there. Mode plan makes one plan of all changes, and shows what they need.'
      : 'It only reads.',
  ].join('\n');
  const { scriptCalls: calls, scriptParallel: parallel, scriptTime: seconds } = settings;
  const bounds = { calls, parallel, seconds, computeSeconds: settings.scriptCompute, memoryMiB: settings.scriptMemory };
  return {
    text,
    structured: { bounds, commands, unknown, isComplete, script },
    rows: () => commands,
    columns: ['command', 'risk', 'severity'],
  };
};
