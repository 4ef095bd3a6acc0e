/** What counts how much; found by trial over every second question of test/sweep/questions, and seen to hold for the others. */
export const factors = {
  /** A word of the query that stands nowhere. */
  unknown: 0.8,
  /** Words of the query that the phrase lacks; words of the phrase that the query lacks. */
  missing: 0.5,
  surplus: 0.65,
  /** The second and the third best phrase of the same command. */
  second: 0.19,
  third: 0.12,
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
  /** How much likelier the words are where this is done, and to this; and how many words are added to what is known of each. */
  action: 0.0104,
  object: 0.0156,
  actionSmoothing: 30,
  objectSmoothing: 25,
  /** Who names several things and no deed wants to see them. */
  many: 0.156,
};
