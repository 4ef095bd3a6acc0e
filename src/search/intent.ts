import { verbOf } from './language.ts';
import { isNoise, stem, toWords } from './words.ts';

/** What the name of a tool says is done, and to what: `list` and `virtual machin` of list-virtual-machines. */
export const partsOf = (tool: string): { action: string; object: string } => {
  const [action = '', ...rest] = tool.split('-');
  return { action, object: rest.map(stem).join(' ') || action };
};

/** The words of a text, each by its stem, with those that hold the others together: "are there any" asks for a list. */
export const toStems = (text: string): string[] => toWords(text).map((word) => (isNoise(word) ? word : stem(word)));

/** Stands before the first word. */
const start = '^';

const asksForAction = (word: string): boolean => word === start || isNoise(word) || verbOf(word) >= 0;

/**
 * What may tell what is to be done: each word, and each two that follow each other of which one is a verb or holds others
 * together; "virtual machine" tells nothing of it.
 */
export const cuesIn = (stems: readonly string[]): string[] => {
  const cues = new Set<string>(stems);
  stems.forEach((word, at) => {
    const before = stems[at - 1] ?? start;
    if (asksForAction(word) || asksForAction(before)) cues.add(`${before} ${word}`);
  });
  return [...cues];
};

/** A feature that a query has, with how sure that is, from 0 to 1; how often each class has it: class and count, in turn. */
export interface Evidence {
  sureness: number;
  counts: readonly number[];
}

/** What is known of classes before anything is seen: how many features they have in all, and the logarithm for one that is not seen. */
interface Prior {
  smoothing: number;
  total: number;
  unseen: Float64Array;
}

const priors = new WeakMap<Float64Array, Prior>();

const priorOf = (ofClass: Float64Array, smoothing: number): Prior => {
  const known = priors.get(ofClass);
  if (known?.smoothing === smoothing) return known;
  const prior = {
    smoothing,
    total: ofClass.reduce((sum, count) => sum + count, 0),
    // A class without a feature has it as often as smoothing says.
    unseen: ofClass.map((count) => Math.log(smoothing / (count + smoothing))),
  };
  priors.set(ofClass, prior);
  return prior;
};

/**
 * How much likelier what is seen is in each class than anywhere (naive Bayes, logarithms); `ofClass` says how many features
 * each class has altogether. `smoothing` is how many features as they are anywhere are added to each: of a rare one few are known.
 */
export const likelihoods = (ofClass: Float64Array, seen: readonly Evidence[], smoothing: number): Float64Array => {
  const { total, unseen } = priorOf(ofClass, smoothing);
  let sureness = 0;
  for (const each of seen) sureness += each.sureness;
  const result = new Float64Array(unseen.length);
  for (let at = 0; at < result.length; at++) result[at] = sureness * unseen[at]!;
  for (const { counts, sureness: sure } of seen) {
    let anywhere = 0;
    for (let at = 1; at < counts.length; at += 2) anywhere += counts[at]!;
    const added = (smoothing * anywhere) / total;
    for (let at = 0; at < counts.length; at += 2)
      result[counts[at]!]! += sure * Math.log((counts[at + 1]! + added) / added);
  }
  return result;
};
