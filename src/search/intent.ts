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
 * numbers from -127 to 127, times a scale.
 */
export interface Intent {
  /** How many numbers a row has. */
  size: number;
  /** Rows: of the first terms of the index, then of other features. */
  terms: number;
  names: string[];
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
const sumRows = ({ intent, numbers, otherRows }: TrainedIndex, features: Features): Float64Array => {
  const { size, terms, rows, scale } = intent;
  const known: [row: number, counts: number][] = [];
  for (const [name, counts] of features) {
    const term = numbers.get(name);
    const row = term !== undefined && term < terms ? term : otherRows.get(name);
    if (row !== undefined) known.push([row, counts]);
  }
  const factor = scale / lengthOf(known.map(([, counts]) => counts));
  const sum = new Float32Array(size);
  for (const [row, counts] of known)
    for (let at = 0; at < size; at++) sum[at]! += counts * factor * rows[row * size + at]!;
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
