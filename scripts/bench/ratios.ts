/** What the bench is about: ratios of medians, 20 beams, three new items where a user comes back. */
import type { ModelConfig } from '../../worker/engine/config.ts';
import type { ColdStart } from './cold-start.ts';
import { findRow, type Row } from './report.ts';
import { round } from './statistics.ts';

/** null where the histories were too short for one of the two. */
export function ratiosOf(rows: Row[], { depth, headDim }: ModelConfig, start: ColdStart) {
  const find = (variant: string, history: number, fresh: number | null) =>
    findRow(rows, variant, history, fresh);
  const over = (a: Row | undefined, b: Row | undefined) => (a && b ? round(a.ms / b.ms, 2) : null);
  const [warm, latent] = [find('warm', 200, 3), find('latent', 200, 3)];
  const floatBytes = 200 * depth * 2 * headDim * 4;
  return {
    full_over_cold_200: over(find('full', 200, null), find('cold', 200, null)),
    full_over_warm_200: over(find('full', 200, null), warm),
    full_over_warm_400: over(find('full', 400, null), find('warm', 400, 3)),
    own_cache_over_warm_400: over(find('full with state', 400, 3), find('warm', 400, 3)),
    late_over_warm_400: over(find('late with state', 400, 3), find('warm', 400, 3)),
    usual_over_warm_200: over(find('usual', 200, null), warm),
    usual_over_latent_200: over(find('usual', 200, null), latent),
    sasrec_over_latent_200: over(find('sasrec', 200, null), latent),
    state_reduction_200: warm ? round(1 - warm.state_bytes / floatBytes) : null,
    warm_growth_50_400: over(find('warm', 400, 3), find('warm', 50, 3)),
    efficiency_warm_200: warm?.efficiency ?? null,
    first_over_warm: warm ? round(start.total / warm.ms, 1) : null,
  };
}
