/** Which items go together in the training histories: EASE^R, cut to each item's strongest weights. */
import { writeAffinities } from '../../../worker/memory/affinity-layout.ts';
import { easeWeights, gramMatrix, MOST_ITEMS } from '../../evaluate/yardsticks/ease-weights.ts';
import { countsOf, type TrainingLog, withoutRepeats } from '../../evaluate/yardsticks/training-log.ts';

/** Weights per item, of either sign. */
const MOST_WEIGHTS = 64;

/** Mean items per history from which a large catalogue's favourites are worth half a minute per lambda. */
const LONG_HISTORIES = 50;

/**
 * Makes the file of the affinities for a lambda. Where more than `most` items were taken, only the most taken
 * of them have any; undefined where histories are short as well, since then they bring nothing.
 */
export function affinityFiles(
  log: TrainingLog,
  most = MOST_ITEMS,
): ((lambda: number) => Uint8Array<ArrayBuffer>) | undefined {
  const { histories } = withoutRepeats(log);
  const events = histories.reduce((sum, { length }) => sum + length, 0);
  const counts = countsOf({ ...log, histories });
  const taken = [...counts.keys()].filter((item) => counts[item] > 0);
  if (taken.length > most && events < LONG_HISTORIES * histories.length) return undefined;
  const favourites = new Set(taken.sort((a, b) => counts[b] - counts[a] || a - b).slice(0, most));
  const kept = histories.map((history) => history.filter((item) => favourites.has(item)));
  const { gram, known } = gramMatrix({ histories: kept, items: log.items });
  return (lambda) => {
    const weights = easeWeights(gram, known.length, lambda);
    const rows: [other: number, weight: number][][] = Array.from({ length: log.items }, () => []);
    for (const [place, item] of known.entries()) {
      const row = weights.subarray(place * known.length, (place + 1) * known.length);
      rows[item] = strongest(row).map((other) => [known[other], row[other]]);
    }
    return writeAffinities(rows);
  };
}

/** Places of the largest magnitudes, in their order. */
function strongest(row: Float32Array): number[] {
  const least = row.map(Math.abs).sort().at(-MOST_WEIGHTS) ?? 0;
  const found: number[] = [];
  for (let place = 0; place < row.length; place++) {
    if (row[place] !== 0 && Math.abs(row[place]) >= least && found.length < MOST_WEIGHTS) found.push(place);
  }
  return found;
}
