import { factors } from './factors.ts';
import { lengthOf, type Features } from './features.ts';
import { stem } from './words.ts';

/** What the name of a tool says is done, and to what: `list` and `virtual machin` of list-virtual-machines. */
export const partsOf = (tool: string): { action: string; object: string } => {
  const [action = '', ...rest] = tool.split('-');
  return { action, object: rest.map(stem).join(' ') || action };
};

/**
 * What was learned of which words mean which command (`npm run train-search`). Each feature of a text is a row of numbers; their
 * sum, times those of an action, of an object and of a command itself, says how much the text means it. All are whole
 * numbers from -7 to 7, times a scale.
 */
export interface Intent {
  /** How many numbers a row has. */
  size: number;
  /** Rows: of the first terms of the index, then of other features. */
  terms: number;
  names: string[];
  scale: number;
  /** Two numbers a byte, the first in its low half, each plus 8: they are the most, and a query reads few. */
  rows: Uint8Array;
  ofAction: Int8Array;
  ofObject: Int8Array;
  ofCommand: Int8Array;
  /** By command: 1 where something was learned of it. */
  trained: Int8Array;
  /** What tells that a text asks for nothing that a cloud has: by row, times the scale; its unknown words and those that were guessed. */
  foreignRows: Int8Array;
  foreign: { scale: number; bias: number; unknown: number; ofGuessed: number };
}

/** Nothing was learned. */
export const noIntent: Intent = {
  size: 0,
  terms: 0,
  names: [],
  scale: 1,
  rows: new Uint8Array(),
  ofAction: new Int8Array(),
  ofObject: new Int8Array(),
  ofCommand: new Int8Array(),
  trained: new Int8Array(),
  foreignRows: new Int8Array(),
  foreign: { scale: 0, bias: -Infinity, unknown: 0, ofGuessed: 0 },
};

/** What the likelihoods are worked out from: an index with what was learned. */
export interface TrainedIndex {
  intent: Intent;
  numbers: ReadonlyMap<string, number>;
  otherRows: ReadonlyMap<string, number>;
  actionOf: ArrayLike<number>;
  objectOf: ArrayLike<number>;
}

/** What stands for 0 in half a byte. */
const zero = 8;

/** Puts two numbers into each byte. */
export const inHalves = (numbers: Int8Array): Uint8Array =>
  Uint8Array.from(
    { length: numbers.length / 2 },
    (_, at) => numbers[2 * at]! + zero + 16 * (numbers[2 * at + 1]! + zero),
  );

/** The rows of those features of which something was learned. */
export const knownRows = (
  { intent: { terms }, numbers, otherRows }: TrainedIndex,
  features: Features,
): [row: number, counts: number][] => {
  const known: [row: number, counts: number][] = [];
  for (const [name, counts] of features) {
    const term = numbers.get(name);
    const row = term !== undefined && term < terms ? term : otherRows.get(name);
    if (row !== undefined) known.push([row, counts]);
  }
  return known;
};

/** The sum of the rows of some features. */
const sumRows = (index: TrainedIndex, features: Features): Float64Array => {
  const { size, rows, scale } = index.intent;
  const known = knownRows(index, features);
  const factor = scale / lengthOf(known);
  const sum = new Float32Array(size);
  for (const [row, counts] of known) {
    const weight = counts * factor;
    for (let at = 0, byte = (row * size) / 2; at < size; at += 2, byte++) {
      sum[at]! += weight * ((rows[byte]! & 15) - zero);
      sum[at + 1]! += weight * ((rows[byte]! >> 4) - zero);
    }
  }
  // To read these takes less time.
  return new Float64Array(sum);
};

/** Times the sum, each of some classes. */
const times = (sum: Float64Array, classes: Int8Array, count: number): Float32Array => {
  const products = new Float32Array(count);
  for (let each = 0, at = 0; at < classes.length; each++) {
    // Two sums, since one addition waits for the other.
    let [even, odd] = [0, 0];
    const last = sum.length - 1;
    for (let place = 0; place < last; place += 2) {
      even += sum[place]! * classes[at++]!;
      odd += sum[place + 1]! * classes[at++]!;
    }
    if (last % 2 === 0) even += sum[last]! * classes[at++]!;
    products[each] = even + odd;
  }
  return products;
};

/** By command that something was learned of: how well it fits; the rest stays as it is. */
const fitsOf = ({ intent, actionOf, objectOf }: TrainedIndex, sum: Float64Array): Float64Array => {
  const fits = new Float64Array(actionOf.length);
  const ofAction = times(sum, intent.ofAction, intent.ofAction.length / intent.size);
  const ofObject = times(sum, intent.ofObject, intent.ofObject.length / intent.size);
  const ofCommand = times(sum, intent.ofCommand, fits.length);
  for (let command = 0; command < fits.length; command++)
    if (intent.trained[command])
      fits[command] =
        intent.scale * (ofAction[actionOf[command]!]! + ofObject[objectOf[command]!]! + ofCommand[command]!);
  return fits;
};

const maxOf = (fits: Float64Array, trained: Int8Array): number => {
  let max = -Infinity;
  for (let command = 0; command < fits.length; command++)
    if (trained[command] && fits[command]! > max) max = fits[command]!;
  return max;
};

/** The logarithm of the sum of all that they are the logarithms of. */
const totalOf = (fits: Float64Array, trained: Int8Array): number => {
  const max = maxOf(fits, trained);
  let all = 0;
  for (let command = 0; command < fits.length; command++) if (trained[command]) all += Math.exp(fits[command]! - max);
  return max + Math.log(all);
};

/** By command: the logarithm of how likely it is that a text with these features means it. */
export const likelihoods = (index: TrainedIndex, features: Features): Float64Array => {
  const { trained, size } = index.intent;
  if (!size) return new Float64Array(index.actionOf.length);
  const fits = fitsOf(index, sumRows(index, features));
  const total = totalOf(fits, trained);
  for (let command = 0; command < fits.length; command++)
    fits[command] = trained[command] ? Math.max(factors.unlikely, fits[command]! - total) : factors.unlearned;
  return fits;
};
