/** The tables and plots of `docs/scale.md`. */
import { existsSync, readFileSync } from 'node:fs';
import { markdownTable } from '../docs/markdown.ts';
import type { Plot } from '../plot.ts';
import type { PerRequest } from './costs.ts';
import type { Row } from './scenarios.ts';

export const SCALE_JSON = 'docs/scale.json';

export interface Scale {
  command: string;
  /** In the log. */
  users: number;
  per: PerRequest;
  tables: Record<string, Row[]>;
}

/** What each table is by: the title of its first column, and what stands there. */
const COLUMNS: Record<string, [title: string, of: (row: Row) => string]> = {
  users: ['users', ({ users }) => users.toLocaleString('en')],
  memory: ['memory', ({ memoryMb }) => `${memoryMb} MB`],
  expiry: ['expiry', ({ expiryDays }) => `${expiryDays} days`],
  locations: ['locations', ({ locations }) => String(locations)],
};

/** The passages of the documents, by name. */
export function scalePassages(): Record<string, string> {
  if (!existsSync(SCALE_JSON)) return {};
  const { command, users, tables }: Scale = JSON.parse(readFileSync(SCALE_JSON, 'utf8'));
  const passages = Object.entries(COLUMNS).map(([name, [title, of]]) => [
    `scale:${name}`,
    markdownTable(
      [title, 'requests', 'isolates', 'in the isolate', 'in KV', 'in neither', '$ a month', '$ per million'],
      tables[name].map((row) => [
        of(row),
        short(row.requests),
        short(row.isolates),
        percent(row.isolate),
        percent(row.kv),
        percent(row.miss),
        short(row.dollars),
        ((row.dollars / row.requests) * 1e6).toFixed(2),
      ]),
    ),
  ]);
  const parts = Object.entries(tables.users.at(-1)!.costs).filter(([, dollars]) => dollars > 0);
  const largest = parts.sort(([, a], [, b]) => b - a);
  return {
    ...Object.fromEntries(passages),
    'scale:run': `\`${command}\`, a log of ${users.toLocaleString('en')} users.`,
    'scale:costs': markdownTable(
      ['what', '$ a month'],
      largest.map(([name, dollars]) => [name.replaceAll('_', ' '), short(dollars)]),
    ),
  };
}

/** Each plot by its file in docs/. */
export function plots({ tables: { users } }: Scale): Record<string, Plot> {
  return {
    'scale-hits.svg': {
      title: 'Where states are found, by users of a month',
      x: 'users',
      y: 'share of requests',
      scale: 'log',
      points: users.flatMap((row) => [
        { x: row.users, y: row.isolate, line: 'isolate' },
        { x: row.users, y: row.kv, line: 'KV' },
        { x: row.users, y: row.miss, line: 'neither' },
      ]),
    },
    'scale-costs.svg': {
      title: 'Cost of a million requests, by users of a month',
      x: 'users',
      y: 'dollars per million requests',
      scale: 'log',
      points: users
        .filter(({ requests }) => requests >= 1e6)
        .map((row) => ({ x: row.users, y: (row.dollars / row.requests) * 1e6, line: 'all' })),
    },
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Three significant digits. */
function short(number: number): string {
  return Number(number.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}
