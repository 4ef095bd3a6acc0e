import type { Match } from './match.ts';

/** Why a match stands where it stands; the numbers are those of the search, about 1 for a good fit. */
export interface Reasons {
  /** What decides the order. */
  score: number;
  /** What people say of the command that comes nearest to what was asked, in the terms of the index, and how near. */
  phrasing?: string;
  similarity?: number;
  /** How much of what was asked stands in all that is said of the command, from 0 to 1. */
  whole?: number;
  /** What it takes from the score how unlikely it is that the words mean the command; 0 where they surely do. */
  intent?: number;
  /** Less than 1: a command of one vendor's product, or one that CloudStack no longer has. */
  commonness?: number;
}

const round = (value: number): number => Number(value.toFixed(2));

/** Says why a match stands where it stands. One without reasons was named, or nothing was asked. */
export const explainMatch = ({ fit }: Pick<Match, 'fit'>): Reasons => {
  if (!fit) return { score: 1 };
  const { score, phrase, similarity, whole, intent, commonness } = fit;
  return {
    score: round(score),
    ...(phrase ? { phrasing: phrase().join(' '), similarity: round(similarity) } : {}),
    whole: round(whole),
    intent: round(intent),
    ...(commonness < 1 ? { commonness } : {}),
  };
};

/** The same in one line. */
export const reasonsInText = (name: string, reasons: Reasons): string => {
  const { score, phrasing, similarity, whole, intent, commonness } = reasons;
  const parts = [
    ...(phrasing === undefined ? [] : [`"${phrasing}" ${similarity}`]),
    ...(whole === undefined ? ['its name'] : [`all that is said of it ${whole}`]),
    ...(intent === undefined ? [] : [`what it likely means ${intent}`]),
    ...(commonness === undefined ? [] : [`rare, times ${commonness}`]),
  ];
  return `${score.toFixed(2)}  ${name}: ${parts.join(', ')}`;
};
