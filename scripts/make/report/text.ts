/** The report as text. */
import { sentence } from '../../evaluate/verdict.ts';
import { type Group, REFIT, type ReportFacts } from './facts.ts';

const decimal = (value: number) => value.toFixed(4);

export function textReport(facts: ReportFacts): string {
  const { name, data, warnings, chosen, trained, ranker, verdict, samples, next } = facts;
  const tried = trained.map(
    ({ plan, ndcg }) =>
      `  ${plan.name}: NDCG@10 ${decimal(ndcg)} on validation${plan === chosen.plan ? ', kept' : ''}`,
  );
  return [
    `${name}: what was made of this log`,
    section('The data', [
      ...data.map((line) => `  ${line.join(': ')}`),
      ...warnings.map((each) => `  Note: ${each}`),
    ]),
    section('The training', [...tried, `  ${REFIT}`]),
    section('What the model is worth', [
      ...table(
        ['', 'NDCG@10', 'HR@10', ''],
        facts.quality.map(({ name, ndcg, hr, model, about }) => [
          `${name}${model ? ' (model)' : ''}`,
          ...[decimal(ndcg), decimal(hr), about],
        ]),
      ),
      '',
      `  ${sentence(ranker, verdict)}`,
    ]),
    section('For whom: NDCG@10 by the length of the history', groupTable(facts.byHistory, verdict.over)),
    section(
      'For which items: NDCG@10 by how common the next item is',
      groupTable(facts.byItem, verdict.over),
    ),
    section(
      'Ten histories and their lists',
      samples.flatMap(({ user, history, next, list }) => [
        `  ${user}: … ${history.join(' | ')}`,
        `    took next: ${next}`,
        ...list.map(({ title, hit }, rank) => `    ${rank + 1}. ${title}${hit ? '  <- taken' : ''}`),
        '',
      ]),
    ),
    section(
      'What to do next',
      next.map((each) => `  - ${each}`),
    ),
  ].join('\n');
}

const section = (title: string, lines: string[]) => `\n${title}\n\n${lines.join('\n')}\n`;

function groupTable(groups: Group[], yardstick: string): string[] {
  return table(
    ['', 'cases', 'model', yardstick],
    groups.map((each) => [each.name, `${each.cases}`, decimal(each.model), decimal(each.yardstick)]),
  );
}

/** Columns: numbers to the right, and what is first or has no head to the left. */
function table(head: string[], rows: string[][]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  return all.map((row) => {
    const cells = row.map((cell, i) => (head[i] === '' ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
