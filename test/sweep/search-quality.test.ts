import { expect, test } from 'vitest';
import { groupsOf, loadQuestions, measureSearch, qualityOf } from '../../scripts/search-quality/measure.ts';

// Less than one point below what the search reaches; whoever makes it better raises them.
const least = {
  plain: { first: 84, inFive: 96, complete: 96 },
  everyday: { first: 80, inFive: 95, complete: 95 },
  composite: { first: 59, inFive: 80, complete: 80 },
  typo: { first: 87, inFive: 94, complete: 94 },
};

test('find-tools finds what people ask for, whatever kind of question it is', () => {
  const groups = groupsOf(measureSearch(loadQuestions()));
  for (const [kind, bounds] of Object.entries(least)) {
    const quality = qualityOf(groups[kind as keyof typeof least]);
    for (const [figure, bound] of Object.entries(bounds))
      expect(quality[figure as keyof typeof bounds], `${kind}: ${figure}`).toBeGreaterThanOrEqual(bound);
  }
});
