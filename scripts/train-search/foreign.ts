import { lengthOf } from '../../src/search/features.ts';
import type { SearchQuery } from '../../src/search/rank.ts';
import { createRandom } from './random.ts';

/** What one text has, and whether it asks for nothing that a cloud has. */
export interface ForeignExample {
  query: SearchQuery;
  isForeign: boolean;
}

/** What was learned: numbers by name from -7 to 7, times a scale; others as they are. */
export interface TrainedForeign {
  scale: number;
  bias: number;
  unknown: number;
  ofGuessed: number;
  rows: Int8Array;
}

/** Times that every example is shown; how far one moves what it shows to be wrong; how much more a foreign one counts, as they are few. */
const options = { rounds: 15, rate: 0.5, foreignCounts: 5, shrink: 1e-4, seed: 1 };

/** The greatest number that is stored. */
const max = 7;

/** Learns (logistic regression, Adagrad) which features, of those that have names, tell that a text is foreign. */
export const trainForeign = (examples: readonly ForeignExample[], names: readonly string[]): TrainedForeign => {
  const { rounds, rate, foreignCounts, shrink, seed } = options;
  const random = createRandom(seed);
  const rowOf = new Map(names.map((name, row) => [name, row]));
  const read = examples.map(({ query: { features, words, guessed }, isForeign }) => {
    const known = [...features].flatMap(([name, counts]): [number, number][] => {
      const row = rowOf.get(name);
      return row === undefined ? [] : [[row, counts]];
    });
    const length = lengthOf(known);
    const count = words.length || 1;
    return {
      isForeign,
      known: known.map(([row, counts]) => [row, counts / length] as const),
      unknown: words.filter(({ candidates }) => !candidates.length).length / count,
      guessed: guessed / count,
    };
  });
  const weights = new Float64Array(names.length);
  const moved = new Float64Array(names.length).fill(1e-2);
  let [bias, unknown, ofGuessed] = [-2, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const now = rate * (1 - round / (rounds + 1));
    for (let at = read.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      [read[at], read[other]] = [read[other]!, read[at]!];
    }
    for (const example of read) {
      let odds = bias + unknown * example.unknown + ofGuessed * example.guessed;
      for (const [row, counts] of example.known) odds += counts * weights[row]!;
      const likely = 1 / (1 + Math.exp(-odds));
      const wrong = example.isForeign ? foreignCounts * (likely - 1) : likely;
      for (const [row, counts] of example.known) {
        const gradient = wrong * counts + shrink * weights[row]!;
        moved[row]! += gradient * gradient;
        weights[row]! -= (now * gradient) / Math.sqrt(moved[row]!);
      }
      bias -= 0.02 * now * wrong;
      unknown -= 0.1 * now * wrong * example.unknown;
      ofGuessed -= 0.1 * now * wrong * example.guessed;
    }
  }
  const scale = weights.reduce((so, weight) => Math.max(so, Math.abs(weight)), 0) / max;
  const round = (number: number): number => Number(number.toFixed(3));
  return {
    scale,
    bias: round(bias),
    unknown: round(unknown),
    ofGuessed: round(ofGuessed),
    rows: Int8Array.from(weights, (weight) => Math.round(weight / scale)),
  };
};
