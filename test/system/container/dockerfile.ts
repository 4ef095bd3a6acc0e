/** One instruction of a container file: its word in capitals, its flags (`--from=build`), the rest as one line. */
export interface Instruction {
  word: string;
  flags: Readonly<Record<string, string>>;
  rest: string;
}

/** One stage: what it is made from, what later stages call it, what is done in it. */
export interface Stage {
  from: string;
  name: string;
  instructions: readonly Instruction[];
}

/** A container file: the arguments before the first stage, and the stages. */
export interface ContainerFile {
  args: Readonly<Record<string, string>>;
  stages: readonly Stage[];
}

/** Instructions that are understood here; another one is an error, not something to skip. */
const words = new Set(
  'FROM ARG ENV WORKDIR COPY RUN USER ENTRYPOINT CMD HEALTHCHECK LABEL EXPOSE STOPSIGNAL'.split(' '),
);

/** Lines without comments; those that end in a backslash are joined with the next. */
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

const toInstruction = (line: string): Instruction => {
  const [, word = '', tail = ''] = /^(\w+)\s*(.*)$/.exec(line) ?? [];
  if (!words.has(word)) throw new Error(`${word || line} is no instruction that this script can carry out`);
  const flags: Record<string, string> = {};
  let rest = tail;
  // The flags of a health check's command are not its own.
  for (let found; (found = /^--([\w-]+)=(\S+)\s+(.*)$/.exec(rest)); rest = found[3]!) flags[found[1]!] = found[2]!;
  return { word, flags, rest };
};

/** Puts in `${NAME}` and `$NAME`. Throws for a name that nobody set. */
export const fillIn = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const value = values[braced ?? bare!];
    if (value === undefined) throw new Error(`$${braced ?? bare!} has no value`);
    return value;
  });

/** `NAME=value NAME="value with blanks"` as names and values, as in ENV and LABEL. */
export const readPairs = (rest: string): Record<string, string> =>
  Object.fromEntries(
    [...rest.matchAll(/([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)].map(([, name, quoted, bare]) => [
      name!,
      quoted ?? bare ?? '',
    ]),
  );

/** The words of an instruction in its exec form. Throws for the shell form, which puts a shell before the program. */
export const readExec = (rest: string): string[] => {
  if (!rest.startsWith('[')) throw new Error(`write it as a JSON array: ${rest}`);
  return JSON.parse(rest) as string[];
};

/** Reads a container file. Throws for what it does not understand. */
export const readContainerFile = (text: string): ContainerFile => {
  const args: Record<string, string> = {};
  const stages: { from: string; name: string; instructions: Instruction[] }[] = [];
  for (const instruction of linesOf(text).map(toInstruction)) {
    if (instruction.word === 'FROM') {
      const [, from = '', name = ''] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instruction.rest) ?? [];
      stages.push({ from: fillIn(from, args), name, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage) stage.instructions.push(instruction);
    else Object.assign(args, readPairs(instruction.rest));
  }
  return { args, stages };
};

/** The rest of the last instruction of a kind in a stage: that one counts. */
export const lastOf = ({ instructions }: Stage, word: string): string | undefined =>
  instructions.findLast((instruction) => instruction.word === word)?.rest;

/** Everything that ENV sets in a stage, in the order in which it is set. */
export const environmentOf = ({ instructions }: Stage): Record<string, string> =>
  Object.assign({}, ...instructions.filter(({ word }) => word === 'ENV').map(({ rest }) => readPairs(rest))) as Record<
    string,
    string
  >;
