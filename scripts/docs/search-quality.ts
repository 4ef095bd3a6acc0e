import { loadToolsets } from '../../src/catalog/tool.ts';
import { loadQuestions, measureSearch, qualityOf, type Finding } from '../search-quality/measure.ts';
import { toTable } from './markdown.ts';

/** How often find-tools puts the right command first and in five, by toolset: whole percentages, rounded down. */
export const searchTable = (): string => {
  const findings = measureSearch(loadQuestions());
  const row = (what: string, chosen: readonly Finding[]): string[] => {
    const { questions, first, inFive, complete } = qualityOf(chosen);
    return [what, String(questions), ...[first, inFive, complete].map((share) => `${Math.floor(share)} %`)];
  };
  const toolsets = loadToolsets()
    .map(({ name }) =>
      row(
        name,
        findings.filter(({ toolset }) => toolset === name),
      ),
    )
    .filter(([, questions]) => questions !== '0');
  return toTable(
    ['toolset', 'questions', 'first', 'in five', 'required parameters known'],
    [row('all', findings), ...toolsets],
  );
};
