/** The report as a page of its own, with plots. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sentence } from '../../evaluate/verdict.ts';
import { drawPlot, type Point } from '../../plot.ts';
import type { Trained } from '../training.ts';
import { type Group, REFIT, type ReportFacts } from './facts.ts';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; } td, th { padding: .2rem .8rem; text-align: right; }
  td:first-child, th:first-child, .about td:last-child { text-align: left; } tr { border-bottom: 1px solid #ddd; }
  svg { max-width: 100%; height: auto; } .hit, .model { font-weight: 600; }`;

export async function htmlReport(facts: ReportFacts): Promise<string> {
  const { name, data, warnings, quality, ranker, verdict, byHistory, byItem, samples, next } = facts;
  const groupRows = (groups: Group[]) =>
    groups.map((each) => [each.name, `${each.cases}`, each.model.toFixed(4), each.yardstick.toFixed(4)]);
  const groupHead = ['', 'cases', 'model', verdict.over];
  const body = [
    `<h1>${escaped(name)}: what was made of this log</h1>`,
    '<h2>The data</h2>',
    table(['', ''], data),
    ...warnings.map((each) => `<p>Note: ${escaped(each)}</p>`),
    await bars(
      'Users by number of events',
      'events',
      'users',
      facts.lengths.map(({ name, users }) => ({ x: name, y: users, line: 'users' })),
    ),
    '<h2>The training</h2>',
    await curves(facts.trained),
    `<p>${escaped(REFIT)}</p>`,
    '<h2>What the model is worth</h2>',
    `<p>${escaped(sentence(ranker, verdict))}</p>`,
    await bars(
      'Held-out items found: NDCG@10',
      '',
      'NDCG@10',
      quality.map(({ name, ndcg, model }) => ({ x: name, y: ndcg, line: model ? 'model' : 'simple method' })),
    ),
    table(
      ['', 'NDCG@10', 'HR@10', ''],
      quality.map((each) => [
        each.name + (each.model ? ' (model)' : ''),
        each.ndcg.toFixed(4),
        each.hr.toFixed(4),
        each.about,
      ]),
      'about',
    ),
    '<h2>For whom: NDCG@10 by the length of the history</h2>',
    table(groupHead, groupRows(byHistory)),
    '<h2>For which items: NDCG@10 by how common the next item is</h2>',
    table(groupHead, groupRows(byItem)),
    '<h2>Ten histories and their lists</h2>',
    ...samples.map(
      ({ user, history, next, list }) =>
        `<h3>${escaped(user)}</h3><p>… ${history.map(escaped).join(' · ')}</p>` +
        `<p>Took next: <b>${escaped(next)}</b></p><ol>` +
        list.map(({ title, hit }) => `<li${hit ? ' class="hit"' : ''}>${escaped(title)}</li>`).join('') +
        '</ol>',
    ),
    '<h2>What to do next</h2>',
    `<ul>${next.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>`,
  ];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(name)}</title><style>${STYLE}</style>
<body>
${body.join('\n')}
</body></html>
`;
}

function bars(title: string, x: string, y: string, points: Point[]): Promise<string> {
  return drawPlot({ title, x, y, points, mark: 'bars' });
}

/** Validation after each epoch, of every size that was tried. */
function curves(trained: Trained[]): Promise<string> {
  const points = trained.flatMap(({ plan, folder }) => {
    const { curve } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    return curve.map((each: Record<string, number>): Point => {
      return { x: each.epoch, y: each['ndcg@10'], line: plan.name };
    });
  });
  return drawPlot({ title: 'NDCG@10 on validation', x: 'epoch', y: 'NDCG@10', points });
}

function table(head: string[], rows: string[][], kind = ''): string {
  const row = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table class="${kind}">${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
