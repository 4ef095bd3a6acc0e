import { loadData } from '../data.ts';

let known: ReadonlySet<string> | undefined;

/** CloudStack writes the words of a field's name together; data/field-words.json has them. */
const isWord = (text: string): boolean =>
  (known ??= new Set(loadData<string[]>('field-words.json').flatMap((line) => line.split(' ')))).has(text) ||
  /^\d+$/.test(text);

const maxWord = 20;

/** The fewest words that a name is made of; the name itself where it is made of others. */
const split = (name: string): string[] => {
  const ways: (string[] | undefined)[] = [[]];
  for (let end = 1; end <= name.length; end++)
    for (let begin = Math.max(0, end - maxWord); begin < end; begin++) {
      const [before, word] = [ways[begin], name.slice(begin, end)];
      if (before && isWord(word) && before.length + 1 < (ways[end]?.length ?? Infinity)) ways[end] = [...before, word];
    }
  return ways[name.length] ?? [name];
};

/** Longer names are none of CloudStack's. */
const maxName = 60;

/** A field's name in words: `securitygroupsenabled` is `security groups enabled`. */
export const toHeading = (field: string): string =>
  field.length > maxName
    ? field
    : field
        .replace(/([a-z])([A-Z])/g, '$1 $2')
        .toLowerCase()
        .split(/[\s._]+/)
        .flatMap(split)
        .join(' ');
