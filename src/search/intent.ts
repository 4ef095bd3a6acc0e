import { factors } from './factors.ts';
import { lengthOf, rowOfPair, type Features } from './features.ts';
import { stem } from './words.ts';

/** What the name of a tool says is done, and to what: `list` and `virtual machin` of list-virtual-machines. */
export const partsOf = (tool: string): { action: string; object: string } => {
  const [action = '', ...rest] = tool.split('-');
  return { action, object: rest.map(stem).join(' ') || action };
};

/**
 * What was learned of which words mean which command (`npm run train-search`). Each feature of a text is a row of numbers; their
 * sum, times those of an action, of an object and of a command itself, says how much the text means it. All are whole
 * numbers from -127 to 127, times a scale.
 */
export interface Intent {
  /** How many numbers a row has. */
  size: number;
  /** Rows: of the first terms of the index, then of other named features, then those that pairs of words share. */
  terms: number;
  names: string[];
  pairs: number;
  scale: number;
  rows: Int8Array;
  ofAction: Int8Array;
  ofObject: Int8Array;
  ofCommand: Int8Array;
  /** By command: 1 where something was learned of it. */
  trained: Int8Array;
}

/** Nothing was learned. */
export const noIntent: Intent = {
  size: 0,
  terms: 0,
  names: [],
  pairs: 0,
  scale: 1,
  rows: new Int8Array(),
  ofAction: new Int8Array(),
  ofObject: new Int8Array(),
  ofCommand: new Int8Array(),
  trained: new Int8Array(),
};

/** What the likelihoods are worked out from: an index with what was learned. */
interface TrainedIndex {
  intent: Intent;
  numbers: ReadonlyMap<string, number>;
  otherRows: ReadonlyMap<string, number>;
  actionOf: ArrayLike<number>;
  objectOf: ArrayLike<number>;
}

/** The sum of the rows of some features. */
const sumRows = ({ intent, numbers, otherRows }: TrainedIndex, features: Features): Float32Array => {
  const { size, terms, names, pairs, rows, scale } = intent;
  const known: [row: number, counts: number][] = [];
  for (const [name, counts] of features) {
    if (name.startsWith(' ')) known.push([terms + names.length + rowOfPair(name, pairs), counts]);
    else {
      const term = numbers.get(name);
      const row = term !== undefined && term < terms ? term : otherRows.get(name);
      if (row !== undefined) known.push([row, counts]);
    }
  }
  const factor = scale / lengthOf(known.map(([, counts]) => counts));
  const sum = new Float32Array(size);
  for (const [row, counts] of known)
    for (let at = 0; at < size; at++) sum[at]! += counts * factor * rows[row * size + at]!;
  return sum;
};

/** Times the sum, each of some classes. */
const times = (sum: Float32Array, classes: Int8Array, count: number): Float32Array => {
  const products = new Float32Array(count);
  for (let each = 0, at = 0; at < classes.length; each++) {
    let product = 0;
    for (let place = 0; place < sum.length; place++) product += sum[place]! * classes[at++]!;
    products[each] = product;
  }
  return products;
};

/** By command: the logarithm of how likely it is that a text with these features means it. */
export const likelihoods = (trained: TrainedIndex, features: Features): Float64Array => {
  const { intent, actionOf, objectOf } = trained;
  const result = new Float64Array(actionOf.length);
  if (!intent.size) return result;
  const sum = sumRows(trained, features);
  const ofAction = times(sum, intent.ofAction, result.length);
  const ofObject = times(sum, intent.ofObject, result.length);
  const ofCommand = times(sum, intent.ofCommand, result.length);
  let max = -Infinity;
  for (let command = 0; command < result.length; command++) {
    if (!intent.trained[command]) continue;
    result[command] =
      intent.scale * (ofAction[actionOf[command]!]! + ofObject[objectOf[command]!]! + ofCommand[command]!);
    if (result[command]! > max) max = result[command]!;
  }
  let all = 0;
  for (let command = 0; command < result.length; command++)
    if (intent.trained[command]) all += Math.exp(result[command]! - max);
  const total = max + Math.log(all);
  for (let command = 0; command < result.length; command++)
    result[command] = intent.trained[command]
      ? Math.max(factors.unlikely, result[command]! - total)
      : factors.unlearned;
  return result;
};
