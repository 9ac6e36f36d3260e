/** The tables of results in README.md and docs/results.md. */
import { readFileSync } from 'node:fs';
import { bold, markdownTable, share } from '../docs/markdown.ts';
import { mean } from '../evaluate/metrics.ts';
import {
  BASE,
  depthName,
  LOCAL_WINDOWS,
  localWindowName,
  RECIPE,
  REGISTERS,
  registersName,
} from '../study/variants.ts';
import type { Row } from './rows.ts';

/** What EARN is compared with, by the `decoder` of its rows. */
const BASELINES: Record<string, string> = {
  popular: 'most popular items',
  'first-order': 'first-order transitions',
  transitions: 'transitions, counted',
  knn: 'item-kNN',
  'vmis-knn': 'VMIS-kNN',
  ease: 'EASE',
  sasrec: 'SASRec, full cross-entropy',
};
const COUNTING = ['first-order', 'transitions', 'knn', 'vmis-knn', 'ease'];

const METRICS = ['hr@5', 'hr@10', 'hr@20', 'ndcg@5', 'ndcg@10', 'ndcg@20'];
const SPREAD = { 'coverage@10': 'covered', 'gini@10': 'Gini' };

/** The passages by name. */
export function resultPassages(rows: Row[]): Record<string, string> {
  return {
    ...testTables(
      rows.filter((row) => !isRefit(row)),
      '',
    ),
    ...testTables(rows.filter(isRefit), ':refit'),
    'results:summary': summary(rows),
    'results:claims': claims(rows),
    'results:study': study(rows, 'ml-1m', PARTS),
    'results:recipe': study(
      rows,
      'beauty-ties-1',
      RECIPE.map(({ name }) => name),
    ),
  };
}

function testTables(rows: Row[], suffix: string): Record<string, string> {
  return {
    [`results:ml-1m${suffix}`]: datasetTable(rows, 'ml-1m'),
    [`results:beauty${suffix}`]: datasetTable(rows, 'beauty'),
    [`results:beauty-ties${suffix}`]: meanTable(rows, TIE_ORDERS),
    [`results:games${suffix}`]: datasetTable(rows, 'games'),
  };
}

/** Whether it was fitted to validation items too, when these had chosen everything (`npm run refit`). */
export const isRefit = ({ protocol }: Row) => protocol.includes('fitted up to the test items');

/** Amazon Beauty with the events of a day in three orders (`--tie-seed`). */
const TIE_ORDERS = ['beauty-ties-1', 'beauty-ties-2', 'beauty-ties-3'];

/** Rows of the test items, with the service's beam. */
function testRows(rows: Row[], dataset: string): Row[] {
  return rows.filter(
    (row) => row.dataset === dataset && row.protocol.includes('test') && row.beam === 20 && !isClaim(row),
  );
}

/** The embedded model's id. */
const { id: EMBEDDED }: { id: string } = JSON.parse(readFileSync('model-shards/manifest.json', 'utf8'));

/** Whether the row measures what `npm start` answers to a request without options. */
const isServed = ({ model, decoder, default_decoder }: Row) =>
  model === EMBEDDED && decoder === default_decoder;

/** All rows of a dataset, the least accurate first. */
function datasetTable(rows: Row[], dataset: string): string {
  // A baseline is measured again with each model; the last row counts.
  const shown = new Map(testRows(rows, dataset).map((row) => [labelOf(row), row]));
  const spread = Object.entries(SPREAD).filter(([metric]) =>
    [...shown.values()].some((row) => metric in row),
  );
  const ordered = [...shown].sort(([, a], [, b]) => a['ndcg@10'] - b['ndcg@10']);
  return markdownTable(
    ['', ...METRICS.map((metric) => metric.toUpperCase()), ...spread.map(([, title]) => title)],
    ordered.map(([label, row]) => {
      const numbers = METRICS.map((metric) => cell(row[metric]));
      const cells = [label, ...numbers, ...spread.map(([metric]) => cell(row[metric], 3))];
      return isServed(row) ? cells.map((text) => (text === '' ? '' : bold(text))) : cells;
    }),
  );
}

/** Means over datasets, of what was measured on each of them; the least accurate first. */
function meanTable(rows: Row[], datasets: string[]): string {
  const shown = datasets.map(
    (dataset) => new Map(testRows(rows, dataset).map((row) => [labelOf(row), row] as const)),
  );
  const lines = [...(shown[0]?.keys() ?? [])].flatMap((label) => {
    const found = shown.map((each) => each.get(label)).filter((row) => row !== undefined);
    if (found.length < datasets.length) return [];
    const [hr, ndcg] = (['hr@10', 'ndcg@10'] as const).map((metric) => found.map((row) => row[metric]));
    return [{ label, hr: mean(hr), ndcg: mean(ndcg), each: ndcg }];
  });
  return markdownTable(
    ['', 'HR@10', 'NDCG@10', 'NDCG@10 of each order'],
    lines
      .toSorted((a, b) => a.ndcg - b.ndcg)
      .map(({ label, hr, ndcg, each }) => [
        label,
        share(hr),
        share(ndcg),
        each.map((value) => share(value)).join(', '),
      ]),
  );
}

function labelOf(row: Row): string {
  const baseline = BASELINES[row.decoder];
  if (baseline) return baseline;
  const precision = row.precision === 'float32' ? ', float32 PyTorch' : '';
  return `${row.name}, ${row.decoder}${precision}${isServed(row) ? ' (as served)' : ''}`;
}

const cell = (value: unknown, digits = 4): string => (typeof value === 'number' ? share(value, digits) : '');

/** The rows of the README: HR@10 and NDCG@10 on every dataset. */
function summary(rows: Row[]): string {
  const datasets = { 'ml-1m': 'MovieLens-1M', beauty: 'Beauty', games: 'Games' };
  const latent = (name: string) => (row: Row) =>
    row.name === name && row.decoder === 'latent' && row.precision === 'int8';
  const refit = (is: (row: Row) => boolean) => (row: Row) => isRefit(row) && is(row);
  const counting = (row: Row) => COUNTING.includes(row.decoder);
  const sasrec = (row: Row) => row.decoder === 'sasrec';
  const earn = (row: Row) => row.name.startsWith('EARN') && row.decoder === row.default_decoder;
  const heldBack = (is: (row: Row) => boolean) => (row: Row) => !isRefit(row) && is(row);
  const lines: [label: string, is: (row: Row) => boolean][] = [
    [BASELINES.popular, heldBack((row) => row.decoder === 'popular')],
    ['the best of counting', heldBack(counting)],
    [BASELINES.sasrec, heldBack(sasrec)],
    ['EARN as in the paper', heldBack(latent('EARN as in the paper'))],
    ['EARN with its memory', heldBack(earn)],
    ['with the newest events: the best of counting', refit(counting)],
    ['… SASRec', refit(sasrec)],
    ['… EARN with its memory', refit(earn)],
  ];
  const cells = lines.map(([label, is]) => [
    label,
    ...Object.keys(datasets).map((dataset) => {
      const found = testRows(rows, dataset).filter(is);
      const best = found.toSorted((a, b) => a['ndcg@10'] - b['ndcg@10']).at(-1);
      if (!best) return '';
      const text = `${share(best['hr@10'], 3)} / ${share(best['ndcg@10'], 3)}`;
      return isServed(best) ? bold(text) : text;
    }),
  ]);
  return markdownTable(
    ['HR@10 / NDCG@10', ...Object.values(datasets)],
    cells.filter(([, ...numbers]) => numbers.some((text) => text !== '')),
  );
}

/** What the paper compares: decoders alone, in float32, of one training each. */
const CLAIMS = [
  'EARN',
  'registers alone (no local window)',
  'without EARN (k = N)',
  'layers after k skipped',
];

const isClaim = ({ name, precision }: Row) => precision === 'float32' && CLAIMS.includes(name);

function claims(rows: Row[]): string {
  const datasets = { 'ml-1m': 'MovieLens-1M', games: 'Games', [TIE_ORDERS[0]!]: 'Beauty' };
  const compared = rows.filter(isClaim);
  const cells = CLAIMS.map((name) => [
    name,
    ...Object.keys(datasets).map((dataset) => {
      const row = compared.find((each) => each.name === name && each.dataset === dataset);
      return row ? `${share(row['hr@10'])} / ${share(row['ndcg@10'])}` : '';
    }),
  ]);
  return markdownTable(['HR@10 / NDCG@10', ...Object.values(datasets)], cells);
}

const PARTS = [
  ...LOCAL_WINDOWS.map(localWindowName),
  ...[1, 4, 6].map(depthName),
  ...REGISTERS.map(([prefixes, suffixes]) => registersName(prefixes, suffixes)),
];

/** The study's runs on a dataset with their differences from its base. */
function study(rows: Row[], dataset: string, variants: string[]): string {
  const studied = rows.filter((row) => row.dataset === dataset && row.protocol.includes('valid'));
  return markdownTable(
    ['', 'HR@10', 'NDCG@10', 'difference in NDCG@10'],
    [BASE, ...variants].flatMap((name) => {
      const row = studied.find((each) => each.name === name);
      if (!row) return [];
      const difference = name === BASE ? '' : differenceOf(row);
      return [[name, share(row['hr@10']), share(row['ndcg@10']), difference]];
    }),
  );
}

function differenceOf({ over_base }: Row): string {
  const { mean, interval95 } = (over_base as Record<string, { mean: number; interval95: number[] }>)[
    'ndcg@10'
  ];
  const sign = mean < 0 ? '' : '+';
  return `${sign}${share(mean)} [${interval95.map((end) => share(end)).join(', ')}]`;
}
