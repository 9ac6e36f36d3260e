/** What `docs/live.md` says of explanations. */
import { existsSync, readFileSync } from 'node:fs';
import { count, markdownTable, share } from '../docs/markdown.ts';

export const EXPLAIN_JSON = 'docs/explain.json';

/** What is taken out of the history: what the explanation names, or as many others. */
export const REMOVED = ['named', 'newest', 'older'] as const;

const LABELS = {
  named: 'the named ones',
  newest: 'as many others of the newest eight',
  older: 'as many older ones',
};

export interface Fall {
  removed: (typeof REMOVED)[number];
  /** Of the log-probability, the mean. */
  fall: number;
  interval95: [low: number, high: number];
  /** Share of the items that fall by less than without the named ones. */
  less_than_named: number;
}

export interface ExplainMeasured {
  command: string;
  dataset: string;
  model: string;
  ranker: string;
  items: number;
  falls: Fall[];
}

/** The passages of the documents, by name. */
export function explainPassages(): Record<string, string> {
  if (!existsSync(EXPLAIN_JSON)) return {};
  const { command, model, ranker, items, falls }: ExplainMeasured = JSON.parse(
    readFileSync(EXPLAIN_JSON, 'utf8'),
  );
  return {
    'explain:run': `\`${command}\`, model \`${model}\`, ranker \`${ranker}\`, ${count(items)} listed items.`,
    explain: markdownTable(
      ['without', 'falls by', 'items that fall by less than without the named ones'],
      falls.map(({ removed, fall, interval95: [low, high], less_than_named }) => [
        LABELS[removed],
        `${share(fall, 3)} [${share(low, 3)}, ${share(high, 3)}]`,
        removed === 'named' ? '' : `${(100 * less_than_named).toFixed(0)} %`,
      ]),
    ),
  };
}
