/** Whether the model beats the best yardstick. */
import { type Interval, metricsOf, pairedDifference } from './metrics.ts';

/** The model over a yardstick, case by case: difference and 95% bootstrap interval. */
export interface Verdict {
  /** The yardstick of the highest NDCG@10. */
  over: string;
  'ndcg@10': [difference: number, ...Interval];
  'hr@10': [difference: number, ...Interval];
}

/** `model` and `yardsticks` hold ranks of the same cases in the same order. */
export function verdictOn(model: number[], yardsticks: ReadonlyMap<string, number[]>): Verdict {
  const ndcg = (ranks: number[]) => metricsOf(ranks)['ndcg@10'];
  const [over, ranks] = [...yardsticks].reduce((a, b) => (ndcg(b[1]) > ndcg(a[1]) ? b : a));
  const difference = pairedDifference(ranks, model);
  const told = (name: keyof typeof difference): [number, ...Interval] => [
    difference[name].mean,
    ...difference[name].interval95,
  ];
  return { over, 'ndcg@10': told('ndcg@10'), 'hr@10': told('hr@10') };
}

/** The verdict for people. */
export function sentence(ranker: string, { over, ...differences }: Verdict): string {
  const [ndcg, hr] = [differences['ndcg@10'], differences['hr@10']].map(told);
  const [, low, high] = differences['ndcg@10'];
  const relation = low > 0 ? 'beats' : high < 0 ? 'is worse than' : 'is within chance of';
  return `The model (${ranker}) ${relation} the best yardstick, ${over}: NDCG@10 ${ndcg}, HR@10 ${hr}.`;
}

function told([difference, low, high]: [number, ...Interval]): string {
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
  return `${signed(difference)} [${signed(low)}, ${signed(high)}]`;
}
