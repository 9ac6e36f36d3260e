/** What became of one ranker's or yardstick's lists. */
import { byHistory, intervalsOf, type Metrics, metricsOf, rankIn, rounded, spreadOf } from './metrics.ts';

/** What a case is told apart by. */
interface CaseFacts {
  /** Items before the target. */
  length: number;
  /** Whether the user had the target before. */
  repeat: boolean;
}

export type TallySummary = ReturnType<Tally['summary']>;

export class Tally {
  /** Histories are also cut to so many of their newest items. */
  static readonly CUTS = [1, 3, 5, 10];

  /** Of each case's target, from 0; Infinity when it is not listed. */
  readonly ranks: number[] = [];
  private readonly facts: CaseFacts[] = [];
  private readonly cuts = new Map<number, number[]>(Tally.CUTS.map((newest) => [newest, []]));
  /** How often each item stands in a first ten. */
  private readonly counts: Float64Array;
  private short = 0;

  constructor(items: number) {
    this.counts = new Float64Array(items);
  }

  /** A list after a whole history. */
  add(list: readonly number[], target: number, facts: CaseFacts): void {
    this.facts.push(facts);
    this.ranks.push(rankIn(list, target));
    const first = list.slice(0, 10);
    if (first.length < 10) this.short++;
    for (const item of first) this.counts[item]++;
  }

  /** A list after the newest items of a history. */
  addCut(newest: number, list: readonly number[], target: number): void {
    this.cuts.get(newest)!.push(rankIn(list, target));
  }

  summary() {
    const { ranks, facts, counts, short } = this;
    return {
      ...metricsOf(ranks),
      ...spreadOf(counts),
      short_lists: rounded(short / ranks.length),
      interval95: intervalsOf(ranks),
      by_history: byHistory(
        ranks,
        facts.map(({ length }) => length),
      ),
      new: this.group(false),
      repeat: this.group(true),
      newest: Object.fromEntries(
        [...this.cuts].flatMap(([cut, each]) => (each.length > 0 ? [[cut, metricsOf(each)]] : [])),
      ),
    };
  }

  /** The cases whose target the user had before, or all others. Null without any. */
  private group(repeat: boolean): (Metrics & { cases: number }) | null {
    const ranks = this.ranks.filter((_, i) => this.facts[i].repeat === repeat);
    return ranks.length === 0 ? null : { cases: ranks.length, ...metricsOf(ranks) };
  }
}
