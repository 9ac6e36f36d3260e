/** What `docs/performance.md` says of the live parts of an answer. */
import { existsSync, readFileSync } from 'node:fs';
import { markdownTable } from '../../docs/markdown.ts';

export const LIVE_JSON = 'docs/live-costs.json';

const LABELS = {
  none: 'none of these',
  filter: '`filter`, of one category',
  rules: 'three standing rules: `boost`, `bury`, `hide`',
  counts: 'counts of 2,000 visits since the training',
  diversity: '`diversity` of .3',
  explain: '`explain`',
};

export interface PartCost {
  part: keyof typeof LABELS;
  /** CPU milliseconds of a request, the median. */
  ms: number;
  /** Of medians, over none. */
  ratio: number;
  interval95: [low: number, high: number];
}

export interface LiveCosts {
  command: string;
  date: string;
  model: string;
  ranker: string;
  parts: PartCost[];
  before?: BeforeCosts;
}

/** This checkout's Worker against another one's. */
export interface BeforeCosts {
  /** The other's. */
  commit: string;
  model: string;
  costs: BeforeCost[];
}

export interface BeforeCost {
  list: 'fresh' | 'kept';
  /** CPU milliseconds of a request, the medians. */
  before: number;
  now: number;
  /** Of medians, now over before. */
  ratio: number;
  interval95: [low: number, high: number];
}

const LISTS = { fresh: 'a list after three new items', kept: 'another list, nothing new' };

function beforePassages({ costs }: BeforeCosts): Record<string, string> {
  return {
    'live:before': markdownTable(
      ['', 'before, CPU ms', 'now, CPU ms', 'now over before'],
      costs.map(({ list, before, now, ratio, interval95: [low, high] }) => [
        LISTS[list],
        before.toFixed(1),
        now.toFixed(1),
        `${ratio.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`,
      ]),
    ),
  };
}

/** The passages of the documents, by name. */
export function livePassages(): Record<string, string> {
  if (!existsSync(LIVE_JSON)) return {};
  const { command, date, model, ranker, parts, before }: LiveCosts = JSON.parse(
    readFileSync(LIVE_JSON, 'utf8'),
  );
  return {
    ...(before && beforePassages(before)),
    'live:run': `\`${command}\`, ${date}, model \`${model}\`, ranker \`${ranker}\`.`,
    'live:costs': markdownTable(
      ['with', 'CPU ms', 'over none'],
      parts.map(({ part, ms, ratio, interval95: [low, high] }) => [
        LABELS[part],
        ms.toFixed(1),
        part === 'none' ? '' : `${ratio.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`,
      ]),
    ),
  };
}
