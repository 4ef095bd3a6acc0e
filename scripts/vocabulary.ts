/**
 * The words of this code base: one word, one meaning, the field's own. `npm run vocabulary` (check-vocabulary.ts) finds the
 * others in the names of src, scripts and test, and in the prose that users read.
 */

/** A word that is not used, and what is used in its place. */
export interface Term {
  /** Words of names, lower case, as camelCase splits them; several with a space between them stand in this order. */
  names?: readonly string[];
  /** Words of prose, whole and in any case: comments, documents and texts. */
  prose?: readonly string[];
  /** Words of texts alone, whole and in any case: what users read on a screen. See texts.ts. */
  texts?: readonly string[];
  /** A kind of words in texts that no list can hold. */
  pattern?: RegExp;
  /** What to use in its place. */
  use: string;
  /** Texts that may hold the word, each with its reason. */
  allowed?: Readonly<Record<string, string>>;
}

/** Every word that is not used, by subject. */
export const vocabulary: readonly Term[] = [
  // Cache
  {
    names: ['kept', 'keeper'],
    prose: ['kept answer', 'kept answers', 'keeps answers', 'keep answers', 'keeping answers', 'answers are kept'],
    use: 'cached, cache, saved',
  },
  {
    names: ['flight', 'flights', 'fly', 'land'],
    prose: ['flights'],
    use: 'in-flight requests, coalesce',
    allowed: { inFlight: 'the standard term', InFlight: 'the standard term', 'in-flight': 'the standard term' },
  },
  { names: ['bump', 'bumps', 'stamp', 'generations'], use: 'invalidate, version' },
  {
    names: ['touches', 'touched by', 'plain kind'],
    prose: ['touches.json'],
    use: 'invalidation rules, canonical kind',
  },
  // Store
  { names: ['agree', 'recall'], use: 'getOrSet, get' },
  { names: ['swap'], use: 'compareAndSet' },
  // Times and bounds
  { names: ['patience', 'last words'], prose: ['patience'], use: 'timeoutMs, shutdownGraceMs' },
  { names: ['longest', 'most', 'enough'], use: 'max…, min…' },
  // Events and messages
  {
    names: ['tell', 'tells', 'told', 'hear', 'heard', 'hears', 'learn', 'learned', 'said', 'say', 'says', 'spoken'],
    use: 'emit, on…, record, report, print; what a callback received: received, reported',
  },
  { names: ['watcher', 'watchers', 'watched'], use: 'observer, poller, logger' },
  { names: ['gate', 'gates'], use: 'semaphore' },
  { names: ['arrivals'], use: 'bodyBudget' },
  { names: ['exchange', 'exchanges'], use: 'requestContext' },
  { names: ['seal', 'sealed'], use: 'requestStateCodec, chainEntry' },
  // People and confirmation
  { prose: ['whoever'], use: 'the user, the caller, anyone who' },
  { prose: ['nobody'], names: ['nobody'], use: 'no one' },
  { prose: ['somebody', 'anybody'], names: ['somebody', 'anybody'], use: 'someone, anyone' },
  {
    prose: [
      "human's yes",
      "person's yes",
      'yeses',
      'say yes',
      'says yes',
      'said yes',
      'asked for a yes',
      'needs a yes',
    ],
    names: ['yeses'],
    use: 'confirmation, confirm',
  },
  // Path
  { names: ['surroundings'], use: 'ConfineDependencies' },
  {
    prose: ['handed out', 'hands out', 'hand out'],
    names: ['hand out', 'handed out'],
    use: 'returned as pending, issued',
  },
  { prose: ['older era', 'newer era', 'old era', 'new era'], names: ['era', 'eras'], use: 'protocol version' },
  // Simulator
  { names: ['birth', 'births'], use: 'insert' },
  { names: ['plant', 'planted'], use: 'seed' },
  { names: ['revive', 'revived'], use: 'restore' },
  { names: ['fate'], use: 'faultOf' },
  { names: ['wiring'], use: 'networks' },
  { names: ['story'], prose: ['story'], use: 'calls' },
  // Plain English in what users read on a screen
  { texts: ['mend', 'mends', 'mended'], use: 'fix' },
  { texts: ['anew'], use: 'again' },
  { texts: ['everybody'], use: 'everyone' },
  { texts: ['e.g.', 'i.e.', 'etc.'], use: 'such as, that is, and so on' },
  { texts: ['human', 'humans', "human's"], use: 'the user (who is asked), a person (who approves)' },
  { texts: ['this yes', 'the yes', 'a yes', 'another yes', 'plain yes'], use: 'confirmation' },
  { texts: ['decides over', 'decide over'], use: 'decides about' },
  { texts: ['in sight'], use: 'that you may see' },
  { texts: ['any more'], use: 'no longer' },
  { texts: ['goes on', 'go on'], use: 'continues, is still running' },
  { texts: ['shall'], use: 'must, will, or the present tense' },
  { texts: ['tells', 'told'], use: 'shows, says' },
  { pattern: /\b(?:which|that) there (?:is|are)\b/gi, use: 'the existing ones' },
  { pattern: /\bstands? (?:for|in|on|before|under|beside)\b/gi, use: 'is in, is on, means' },
  { pattern: /\bl(?:ies|ie|ying) (?:in|on|outside|before|behind|at)\b/gi, use: 'is in, is on' },
  {
    pattern: /(?<!\bthere )\b(?:is|are|was|were) (?:none(?! of)|no (?!longer\b|more\b|way\b|one\b))/gi,
    use: 'is not a …',
  },
  {
    pattern: /\b(?:not|never|nothing|no one) (?:\w+ ){0,4}(?:not|never|nothing|unknown|unlikely|unable)\b/gi,
    use: 'one negation',
  },
];
