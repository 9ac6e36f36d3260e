/**
 * An isolate's counters, in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
import type { ModelName } from '../models/rollout.ts';
import { type Coverage, SHOWN } from '../outcomes/outcomes.ts';
import type { Judged } from '../outcomes/served.ts';
import type { RequestFacts } from './facts.ts';

/**
 * Every counter. Each label takes few values: HTTP methods (the runtime refuses other words), route patterns,
 * statuses, problem codes, and the models of the deployment.
 */
const COUNTERS = {
  earn_requests_total: 'Requests answered',
  earn_problems_total: 'Problem answers by code',
  earn_lists_total: 'Recommendation lists by cache status, source and model',
  earn_prefilled_items_total: 'History items that were prefilled',
  earn_reused_items_total: 'History items that a cached state made unnecessary to prefill',
  earn_degraded_total: 'Answers computed from the log because the cache could not be read',
  earn_judged_lists_total: 'Lists whose users then did something; hit: it was among the first ten',
  earn_reciprocal_rank_total: 'Sum of 1 / rank of what was taken from judged lists',
  earn_model_loads_total: 'Model loads by outcome',
};

const SHOWN_ITEMS = 'earn_shown_items';

/** Upper ends of the ranges in which answers' milliseconds are counted. */
const DURATIONS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500];
const DURATION = 'earn_request_duration_ms';

type CounterName = keyof typeof COUNTERS;
type Labels = Record<string, string | number>;

export class Metrics {
  /** Counter and labels as they are printed, and the count. */
  private readonly counts = new Map<CounterName, Map<string, number>>();
  /** Labels as they are printed, and how many items. */
  private readonly shown = new Map<string, number>();
  /** Answers in each range of `DURATIONS`, and longer ones. */
  private readonly durations = new Array<number>(DURATIONS.length + 1).fill(0);
  private durationSum = 0;
  /** When the first request was answered; outside of requests there is no clock. */
  private since = 0;

  request(facts: RequestFacts): void {
    this.since ||= Date.now();
    const { method, route, status, duration_ms, problem, model, sources = {}, cache } = facts;
    this.add('earn_requests_total', { method, route, status });
    const range = DURATIONS.findIndex((end) => duration_ms <= end);
    this.durations[range < 0 ? DURATIONS.length : range]++;
    this.durationSum += duration_ms;
    if (problem) this.add('earn_problems_total', { code: problem });
    if (model === undefined) return;
    for (const [source, lists] of Object.entries(sources)) {
      this.add('earn_lists_total', { cache: cache!, source, model }, lists);
    }
    this.add('earn_prefilled_items_total', { model }, facts.prefilled_items);
    this.add('earn_reused_items_total', { model }, facts.reused_items);
    if (facts.degraded) this.add('earn_degraded_total', { model });
  }

  judged({ model, ranker, variant, rank }: Judged): void {
    const hit = rank !== null && rank <= SHOWN;
    this.add('earn_judged_lists_total', { model, ranker, variant, hit: String(hit) });
    if (rank !== null) this.add('earn_reciprocal_rank_total', { model, ranker, variant }, 1 / rank);
  }

  /** What all isolates' lists have shown, when this isolate last heard of it. */
  covered({ items, model, ranker, variant }: Coverage): void {
    this.shown.set(printed({ model, ranker, variant }), items);
  }

  modelLoad(model: ModelName, outcome: 'loaded' | 'failed'): void {
    this.add('earn_model_loads_total', { model, outcome });
  }

  toString(): string {
    const counters = Object.entries(COUNTERS).flatMap(([name, help]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      ...[...(this.counts.get(name as CounterName) ?? [])].map(
        ([labels, count]) => `${name}{${labels}} ${count}`,
      ),
    ]);
    const shown = [
      `# HELP ${SHOWN_ITEMS} Different items among the first ten of judged lists, of all isolates`,
      `# TYPE ${SHOWN_ITEMS} gauge`,
      ...[...this.shown].map(([labels, items]) => `${SHOWN_ITEMS}{${labels}} ${items}`),
    ];
    const started = [
      '# HELP earn_isolate_start_time_seconds When these counters began, in seconds since 1970',
      '# TYPE earn_isolate_start_time_seconds gauge',
      `earn_isolate_start_time_seconds ${this.since / 1000}`,
    ];
    return `${[...counters, ...shown, ...this.histogram(), ...started].join('\n')}\n`;
  }

  /** By the isolate's clock, which stands still while it computes in production. */
  private histogram(): string[] {
    let sum = 0;
    const buckets = this.durations.map((count, range) => {
      sum += count;
      return `${DURATION}_bucket{le="${DURATIONS[range] ?? '+Inf'}"} ${sum}`;
    });
    return [
      `# HELP ${DURATION} Milliseconds from a request to its answer`,
      `# TYPE ${DURATION} histogram`,
      ...buckets,
      `${DURATION}_sum ${this.durationSum}`,
      `${DURATION}_count ${sum}`,
    ];
  }

  private add(name: CounterName, labels: Labels, count = 1): void {
    const counts = this.counts.get(name) ?? new Map<string, number>();
    this.counts.set(name, counts);
    const key = printed(labels);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
}

/** JSON escapes what Prometheus wants escaped. */
const printed = (labels: Labels) =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(String(value))}`)
    .join(',');
