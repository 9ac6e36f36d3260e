/** The plots of `docs/performance.md`. */
import type { Bench, Row } from '../bench/report.ts';
import { type Plot, type Point, writePlot } from '../plot.ts';

/** Each plot by its file in docs/. */
const PLOTS: Record<string, (rows: Row[]) => Plot> = {
  'speed-by-history.svg': byHistory,
  'speed-by-beam.svg': byBeam,
  'speed-by-part.svg': byPart,
};

const TIME = 'CPU ms per answer';

/** Draws all plots and returns their names. */
export async function drawAll({ rows }: Bench): Promise<string[]> {
  for (const [file, plotOf] of Object.entries(PLOTS)) await writePlot(`docs/${file}`, plotOf(rows));
  return Object.keys(PLOTS);
}

/** Rows of these variants; returning users have three new items. */
function variants(rows: Row[], names: string[]): Row[] {
  return names.flatMap((name) =>
    rows.filter(({ variant, fresh }) => variant === name && (fresh === null || fresh === 3)),
  );
}

function byHistory(rows: Row[]): Plot {
  const shown = variants(rows, ['usual', 'full', 'sasrec', 'cold', 'warm', 'latent']);
  const points = shown
    .filter(({ beam }) => beam === 20)
    .map(({ variant, history, ms }): Point => ({ x: history, y: ms, line: variant }));
  return { title: 'Time by length of history, 20 beams', x: 'items', y: TIME, points };
}

function byBeam(rows: Row[]): Plot {
  const points = variants(rows, ['full', 'cold', 'warm'])
    .filter(({ history }) => history === 200)
    .map(({ variant, beam, ms }): Point => ({ x: beam, y: ms, line: variant }));
  return { title: 'Time by beam width, 200 items', x: 'beams', y: TIME, points };
}

function byPart(rows: Row[]): Plot {
  const points = variants(rows, ['usual', 'full', 'sasrec', 'cold', 'warm', 'latent'])
    .filter(({ history, beam }) => history === 200 && beam === 20)
    .flatMap((row): Point[] => [
      { x: row.variant, y: row.prefill_ms, line: 'prefill' },
      { x: row.variant, y: row.decode_ms, line: 'decode' },
      { x: row.variant, y: row.bookkeeping_ms, line: 'bookkeeping' },
      { x: row.variant, y: row.coding_ms, line: 'coding of the state' },
    ]);
  return { title: 'Where the time goes, 200 items, 20 beams', x: '', y: TIME, points, mark: 'bars' };
}
