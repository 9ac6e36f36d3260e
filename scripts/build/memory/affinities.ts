/** Which items go together in the training histories: EASE^R, cut to each item's strongest weights. */
import { writeAffinities } from '../../../worker/memory/affinity-layout.ts';
import { easeWeights, gramMatrix, MOST_ITEMS } from '../../evaluate/yardsticks/ease-weights.ts';
import { countsOf, type TrainingLog, withoutRepeats } from '../../evaluate/yardsticks/training-log.ts';
import type { Step } from '../../progress.ts';

/** Weights per item, of either sign. */
const MOST_WEIGHTS = 64;

/** Makes the file of the affinities for a lambda; undefined where the catalogue is too large for them. */
export function affinityFiles(
  log: TrainingLog,
): ((lambda: number, step: Step) => Uint8Array<ArrayBuffer>) | undefined {
  if (countsOf(log).filter((count) => count > 0).length > MOST_ITEMS) return undefined;
  const { gram, known } = gramMatrix(withoutRepeats(log));
  return (lambda, step) => {
    const weights = easeWeights(gram, known.length, lambda, step);
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
