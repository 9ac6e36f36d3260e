/** Draws the plots of `docs/results.md` from the rows that there are. */
import { type Plot, type Point, writePlot } from '../plot.ts';
import {
  BASE,
  depthName,
  LOCAL_WINDOWS,
  localWindowName,
  REGISTER_DEPTHS,
  REGISTERS,
  registersName,
} from '../study/variants.ts';
import { attentionPlots } from './attention.ts';
import type { Row } from './rows.ts';
import { isRefit } from './tables.ts';

/** Each plot by its file in docs/. */
const PLOTS: Record<string, (rows: Row[]) => Plot> = {
  'quality-by-history.svg': byHistory,
  'quality-by-beam.svg': byBeam,
  'quality-by-k.svg': byRegisterDepth,
  'quality-by-local-window.svg': byLocalWindow,
  'quality-by-registers.svg': byRegisters,
};

/** Draws the plots that have at least two points and returns their names. */
export async function drawAll(rows: Row[]): Promise<string[]> {
  const drawn: string[] = [];
  const ofRows = Object.entries(PLOTS).map(([file, plotOf]) => [file, plotOf(rows)] as const);
  for (const [file, plot] of [...ofRows, ...Object.entries(attentionPlots())]) {
    if (plot.points.length < 2) continue;
    await writePlot(`docs/${file}`, plot);
    drawn.push(file);
  }
  return drawn;
}

/** MovieLens-1M, test items: what longer histories gain. */
function byHistory(rows: Row[]): Plot {
  const shown = rows.filter(
    (row) =>
      row.dataset === 'ml-1m' &&
      row.protocol.includes('test') &&
      row.beam === 20 &&
      row.by_history &&
      !isRefit(row),
  );
  const points = shown
    .filter((row) => row.name === 'EARN' && row.precision === 'int8')
    .flatMap((row) =>
      Object.entries(row.by_history!).map(([x, metrics]): Point => {
        return { x, y: metrics['ndcg@10'], line: row.decoder };
      }),
    );
  return {
    title: 'MovieLens-1M: NDCG@10 by length of history',
    x: 'items before the held-out one',
    y: 'NDCG@10',
    points,
  };
}

/** MovieLens-1M, validation items: what wider beams gain. */
function byBeam(rows: Row[]): Plot {
  const points = rows
    .filter(
      (row) =>
        row.name === 'EARN without memory' && row.dataset === 'ml-1m' && row.protocol.includes('valid'),
    )
    .filter(({ decoder }) => ['beam', 'hybrid', 'latent'].includes(decoder))
    .toSorted((a, b) => a.beam - b.beam)
    .map((row) => pointOf(row, String(row.beam), row.decoder));
  return { title: 'MovieLens-1M, validation: NDCG@10 by beam width', x: 'beams', y: 'NDCG@10', points };
}

/** The study: how many layers have to see the history. */
function byRegisterDepth(rows: Row[]): Plot {
  const others = REGISTER_DEPTHS.map((k) => ({ x: `${k}`, name: depthName(k) }));
  return {
    title: 'NDCG@10 by the layers that see the history, registers alone after them (6: without EARN)',
    x: 'k',
    y: 'NDCG@10',
    points: studied(rows, [...others, { x: '2', name: localWindowName(0) }]),
  };
}

/** The study: how many of the newest items have to go on after layer k. */
function byLocalWindow(rows: Row[]): Plot {
  const others = LOCAL_WINDOWS.map((items) => ({ x: `${items}`, name: localWindowName(items) }));
  return {
    title: 'NDCG@10 by the newest items that go on after layer k',
    x: 'items (0: the paper)',
    y: 'NDCG@10',
    points: studied(rows, [...others, { x: '4', name: BASE }]),
  };
}

/** The study: registers before and after the history. */
function byRegisters(rows: Row[]): Plot {
  const others = REGISTERS.map(([p, s]) => ({ x: `${p} + ${s}`, name: registersName(p, s) }));
  return {
    title: 'NDCG@10 by registers',
    x: 'prefix + suffix registers',
    y: 'NDCG@10',
    points: studied(rows, [...others, { x: '1 + 1', name: BASE }]),
  };
}

/** The points of the rows with these names, by x. */
function studied(rows: Row[], shown: { x: string; name: string }[]): Point[] {
  const ordered = shown.toSorted((a, b) => a.x.localeCompare(b.x));
  return ordered.flatMap(({ x, name }) =>
    rows
      .filter((row) => row.name === name && row.dataset === 'ml-1m' && row.protocol.includes('valid'))
      .map((row) => pointOf(row, x, row.dataset)),
  );
}

/** The row's NDCG@10 with its interval. */
function pointOf(row: Row, x: string, line: string): Point {
  const [low, high] = row.interval95?.['ndcg@10'] ?? [];
  return { x, y: row['ndcg@10'], line, low, high };
}
