/** The plots of `docs/results.md`, each from whatever rows it has. */
import { type Plot, type Point, writePlot } from '../plot.ts';
import type { Row } from './rows.ts';

/** Each plot by its file in docs/. */
const PLOTS: Record<string, (rows: Row[]) => Plot> = {
  'quality-by-history.svg': byHistory,
  'quality-by-beam.svg': byBeam,
};

/** Draws the plots that have at least two points and returns their names. */
export async function drawAll(rows: Row[]): Promise<string[]> {
  const drawn: string[] = [];
  for (const [file, plotOf] of Object.entries(PLOTS)) {
    const plot = plotOf(rows);
    if (plot.points.length < 2) continue;
    await writePlot(`docs/${file}`, plot);
    drawn.push(file);
  }
  return drawn;
}

/** ML-1M test items: how much a longer history is worth to each decoder. */
function byHistory(rows: Row[]): Plot {
  const shown = rows.filter(
    (row) => row.dataset === 'ml-1m' && row.protocol.includes('test') && row.beam === 20 && row.by_history,
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

/** ML-1M validation items: what a wider beam gains. */
function byBeam(rows: Row[]): Plot {
  const points = rows
    .filter((row) => row.name === 'EARN' && row.dataset === 'ml-1m' && row.protocol.includes('valid'))
    .filter(({ decoder }) => ['beam', 'hybrid', 'latent'].includes(decoder))
    .toSorted((a, b) => a.beam - b.beam)
    .map((row): Point => {
      const [low, high] = row.interval95?.['ndcg@10'] ?? [];
      return { x: String(row.beam), y: row['ndcg@10'], line: row.decoder, low, high };
    });
  return { title: 'MovieLens-1M, validation: NDCG@10 by beam width', x: 'beams', y: 'NDCG@10', points };
}
