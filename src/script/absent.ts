/** What scripts of other places have and those here have not, by the words of QuickJS, with what to do instead. */
const absent: readonly (readonly [RegExp, string])[] = [
  [/'Date' is not defined/, "A script has no clock: where compares with '30 days ago', and an input can be a date."],
  [/'(?:set(?:Timeout|Interval|Immediate)|performance)' is not defined/, 'Jobs are waited for; there are no timers.'],
  [/'console' is not defined/, 'print(value) shows a value.'],
  [
    /'(?:fetch|XMLHttpRequest|WebSocket|require|process|Buffer)' is not defined/,
    'A script reaches nothing but the cloud, by cloudstack.<command>(arguments).',
  ],
  [/could not load module|unsupported keyword: (?:import|export)/, 'A script is one text, without modules.'],
  [/waits for something that never comes/, 'Only calls of cloudstack end a wait.'],
];

/** What to do instead, where a script asked for something that it does not have; empty for any other failure. */
export const insteadOf = (message: string): string => absent.find(([words]) => words.test(message))?.[1] ?? '';
