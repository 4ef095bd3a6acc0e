import { lengthOf, type Features } from '../../src/search/features.ts';
import { createRandom } from './random.ts';

/** What one text has, and what it means: numbers of a class of each kind. */
export interface Example {
  features: Features;
  command: number;
  times: number;
}

/** What is to be learned: rows for features, and for actions, objects and commands. */
export interface Task {
  examples: readonly Example[];
  /** By command: its action and its object. */
  actionOf: ArrayLike<number>;
  objectOf: ArrayLike<number>;
  actions: number;
  objects: number;
}

export interface Options {
  /** Numbers in a row. */
  size: number;
  /** Times that every example is shown. */
  rounds: number;
  /** How far one example moves what it shows to be wrong. */
  rate: number;
  /** The step of the whole numbers that are stored, as part of the standard deviation, and from which round they count. */
  step: number;
  rounded: number;
  /** A feature that fewer examples have is not learned. */
  least: number;
  seed: number;
}

/** Whole numbers, times a scale. */
export interface Trained {
  names: string[];
  scale: number;
  rows: Int8Array;
  ofAction: Int8Array;
  ofObject: Int8Array;
  ofCommand: Int8Array;
}

/** The greatest whole number that is stored. */
const max = 7;

/** Rows that are learned: their numbers, what these are rounded to, and how much each row was moved (Adagrad). */
const createRows = (count: number, size: number, fill: () => number) => {
  const values = Float32Array.from({ length: count * size }, fill);
  const used = values.slice();
  const moved = new Float32Array(count).fill(1e-3);
  let scale = 0;
  const round = (row: number): void => {
    for (let at = row * size; at < (row + 1) * size; at++)
      used[at] = scale ? Math.max(-max, Math.min(max, Math.round(values[at]! / scale))) * scale : values[at]!;
  };
  return {
    values,
    used,
    move: (row: number, gradient: Float32Array, rate: number): void => {
      let sum = 0;
      for (let at = 0; at < size; at++) sum += gradient[at]! ** 2;
      moved[row]! += sum / size;
      const step = rate / Math.sqrt(moved[row]!);
      for (let at = 0; at < size; at++) values[row * size + at]! -= step * gradient[at]!;
      round(row);
    },
    roundAll: (to: number): void => {
      scale = to;
      for (let row = 0; row < count; row++) round(row);
    },
    whole: (): Int8Array => Int8Array.from(used, (value) => Math.round(value / scale)),
  };
};

const deviationOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** What is less likely than this is not moved. */
const negligible = 1e-3;

/**
 * Learns which words mean which command: a text's rows are summed up, times the rows of a command, its action and its object;
 * what is greatest is meant (softmax). Examples are shown one by one, in an order that the seed decides.
 */
export const train = ({ examples, actionOf, objectOf, actions, objects }: Task, options: Options): Trained => {
  const { size, rounds, rate, step, rounded, least, seed } = options;
  const random = createRandom(seed);
  const counts = new Map<string, number>();
  for (const { features } of examples)
    for (const name of features.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].flatMap(([name, count]) => (count < least ? [] : [name]));
  const rowOf = new Map(names.map((name, row) => [name, row]));
  const commands = actionOf.length;
  const spread = (width: number) => (): number => (random() + random() + random() + random() - 2) * width;
  // What a rare word means shall be what was learned, not where it began.
  const rows = createRows(names.length, size, spread(0.05));
  const [ofAction, ofObject] = [createRows(actions, size, spread(0.52)), createRows(objects, size, spread(0.52))];
  const ofCommand = createRows(commands, size, () => 0);
  const read = examples.map(({ features, command, times }) => {
    const known = [...features].flatMap(([name, count]): [number, number][] => {
      const row = rowOf.get(name);
      return row === undefined ? [] : [[row, count]];
    });
    return {
      command,
      times,
      rows: known.map(([row]) => row),
      counts: known.map(([, count]) => count),
      length: lengthOf(known),
    };
  });
  const order = Int32Array.from(read, (_, at) => at);
  const sum = new Float32Array(size);
  const back = new Float32Array(size);
  const gradient = new Float32Array(size);
  const likely = new Float64Array(commands);
  const [byAction, byObject] = [new Float64Array(actions), new Float64Array(objects)];
  const product = (used: Float32Array, row: number): number => {
    let result = 0;
    for (let at = 0, place = row * size; at < size; at++) result += sum[at]! * used[place++]!;
    return result;
  };
  /** Moves the row of a class by how far it is from right, and gathers what the features must change. */
  const correct = (classes: ReturnType<typeof createRows>, row: number, wrong: number, now: number): void => {
    for (let at = 0, place = row * size; at < size; at++) {
      back[at]! += wrong * classes.used[place++]!;
      gradient[at] = wrong * sum[at]!;
    }
    classes.move(row, gradient, now);
  };
  let scale = 0;
  for (let round = 0; round < rounds; round++) {
    const now = rate * (1 - (0.9 * round) / rounds);
    if (round === rounded) {
      scale = step * Math.sqrt(deviationOf(rows.values) * deviationOf(ofAction.values));
      for (const each of [rows, ofAction, ofObject, ofCommand]) each.roundAll(scale);
    }
    for (let at = order.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      [order[at], order[other]] = [order[other]!, order[at]!];
    }
    for (const number of order) {
      const example = read[number]!;
      const { length } = example;
      sum.fill(0);
      example.rows.forEach((row, which) => {
        const count = example.counts[which]! / length;
        for (let at = 0; at < size; at++) sum[at]! += count * rows.used[row * size + at]!;
      });
      for (let action = 0; action < actions; action++) byAction[action] = product(ofAction.used, action);
      for (let object = 0; object < objects; object++) byObject[object] = product(ofObject.used, object);
      let best = -Infinity;
      for (let command = 0; command < commands; command++) {
        const value = byAction[actionOf[command]!]! + byObject[objectOf[command]!]! + product(ofCommand.used, command);
        likely[command] = value;
        if (value > best) best = value;
      }
      let all = 0;
      for (let command = 0; command < commands; command++) all += likely[command] = Math.exp(likely[command]! - best);
      byAction.fill(0);
      byObject.fill(0);
      back.fill(0);
      for (let command = 0; command < commands; command++) {
        const wrong = example.times * (likely[command]! / all - (command === example.command ? 1 : 0));
        byAction[actionOf[command]!]! += wrong;
        byObject[objectOf[command]!]! += wrong;
        if (Math.abs(wrong) > negligible) correct(ofCommand, command, wrong, now);
      }
      byAction.forEach((wrong, action) => {
        if (Math.abs(wrong) > negligible) correct(ofAction, action, wrong, now);
      });
      byObject.forEach((wrong, object) => {
        if (Math.abs(wrong) > negligible) correct(ofObject, object, wrong, now);
      });
      example.rows.forEach((row, which) => {
        const count = example.counts[which]! / length;
        for (let at = 0; at < size; at++) gradient[at] = count * back[at]!;
        rows.move(row, gradient, now);
      });
    }
  }
  return {
    names,
    scale,
    rows: rows.whole(),
    ofAction: ofAction.whole(),
    ofObject: ofObject.whole(),
    ofCommand: ofCommand.whole(),
  };
};
