/** What `docs/live.md` says of diversity. */
import { existsSync, readFileSync } from 'node:fs';
import { markdownTable, share } from '../docs/markdown.ts';

export const DIVERSITY_JSON = 'docs/diversity.json';

export interface DiversityRow {
  diversity: number;
  cases: number;
  'hr@10': number;
  'ndcg@10': number;
  /** In NDCG@10, over lists without diversity. */
  over_none: { mean: number; interval95: [low: number, high: number] };
  /** Mean cosine of each two items of a list. */
  similarity: number;
  /** Of a list's items together. */
  categories: number;
}

export interface Diversity {
  command: string;
  dataset: string;
  model: string;
  ranker: string;
  rows: DiversityRow[];
}

/** The passages of the documents, by name. */
export function diversityPassages(): Record<string, string> {
  if (!existsSync(DIVERSITY_JSON)) return {};
  const { command, model, ranker, rows }: Diversity = JSON.parse(readFileSync(DIVERSITY_JSON, 'utf8'));
  return {
    'diversity:run': `\`${command}\`, model \`${model}\`, ranker \`${ranker}\`.`,
    diversity: markdownTable(
      [
        'diversity',
        'HR@10',
        'NDCG@10',
        'difference in NDCG@10',
        'cosine within a list',
        'categories per list',
      ],
      rows.map((row) => [
        String(row.diversity),
        share(row['hr@10']),
        share(row['ndcg@10']),
        row.diversity === 0 ? '' : differenceOf(row),
        share(row.similarity, 2),
        row.categories.toFixed(1),
      ]),
    ),
  };
}

function differenceOf({ over_none: { mean, interval95 } }: DiversityRow): string {
  return `${mean < 0 ? '' : '+'}${share(mean)} [${interval95.map((end) => share(end)).join(', ')}]`;
}
