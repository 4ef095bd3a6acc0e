/** What counts how much; found by trial over the looked-at half of test/sweep/questions. */
export const factors = {
  /** A word of the query that stands nowhere. */
  unknown: 0.8,
  /** Words of the query that the phrase lacks; words of the phrase that the query lacks. */
  missing: 0.5,
  surplus: 0.55,
  /** The second and the third best phrase of the same command. */
  second: 0.25,
  third: 0.2,
  /** All that is said of the command, taken together, and how often a word must stand there to count half. */
  whole: 1.3,
  half: 1.2,
  /** A word with a typing error; the beginning of a word; a part of a compound. */
  typo: 0.85,
  beginning: 0.75,
  part: 0.98,
  /** The phrase asks for something else to be done, or for nothing in particular; the command does something else. */
  otherVerb: 0.845,
  noVerb: 0.85,
  otherDeed: 0.85,
  /** What was learned of which words mean the command: each unit of the logarithm. */
  intent: 0.1,
  /** No command is less likely: words that were never seen with it are no proof. So likely is one of which nothing was learned. */
  unlikely: -10,
  unlearned: -2.5,
  /** A match is none where the query is foreign by so much, and more the better the match fits; one that fits so well always is. */
  foreignOdds: -3,
  foreignFit: 2,
  foreignBelow: 1.6,
};

/** A match that is weaker than this part of the best one is left out, after a few a stronger one too; one that fits less in any case. */
export const weak = { part: 0.4, fit: 0.1, few: 5, late: 0.85 };

/**
 * How well the best command must fit what was cut out of a sentence, to be a wish of its own; less well where the words surely
 * mean it. What it adds to a score that a command belongs to the toolset of the wish before; what it takes that things that were
 * named there are left out of the reading, or added to one that names its own.
 */
export const clear = { similarity: 0.7, sure: 0.35, intent: -0.1, related: 0.4, partly: 0.2, added: 0.3 };
