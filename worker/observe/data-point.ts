import type { Coverage } from '../outcomes/outcomes.ts';
import type { Judged } from '../outcomes/served.ts';
import type { RequestFacts } from './facts.ts';

/**
 * The facts as a data point for Workers Analytics Engine. `docs/operate.md` names the columns; their order
 * must not change, for the queries that people have. All are far below its limits: one index of 96 bytes,
 * twenty blobs, twenty doubles (https://developers.cloudflare.com/analytics/analytics-engine/limits/).
 */
export function dataPoint(facts: RequestFacts): AnalyticsEngineDataPoint {
  const { method, route, status, problem = '', model = '', sources = {}, cache = '' } = facts;
  const { duration_ms, lists = 0, reused_items = 0, prefilled_items = 0, degraded = false } = facts;
  return {
    // Sampling, where there is any, keeps rare routes.
    indexes: [route],
    blobs: [method, route, String(status), problem, model, Object.keys(sources).join('+'), cache],
    doubles: [duration_ms, lists, reused_items, prefilled_items, Number(degraded)],
  };
}

/** What became of a list, as a data point whose index is `judged`. */
export function judgedPoint({ model, ranker, variant, rank }: Judged): AnalyticsEngineDataPoint {
  return { indexes: ['judged'], blobs: [model, ranker, variant], doubles: [rank === null ? 0 : 1 / rank] };
}

/** How many different items a maker's lists have shown so far, as a data point whose index is `covered`. */
export function coveredPoint({ model, ranker, variant, items }: Coverage): AnalyticsEngineDataPoint {
  return { indexes: ['covered'], blobs: [model, ranker, variant], doubles: [items] };
}
