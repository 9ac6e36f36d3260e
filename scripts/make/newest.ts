/** Whether a new model is better than the one before it, on events that neither has seen: the newest. */

import type { Model } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { type Case, type Dataset, heldOut, readDataset } from '../dataset.ts';
import { type Interval, pairedDifference } from '../evaluate/metrics.ts';
import { loadFolder } from '../node-model.ts';
import { progressBar } from '../progress.ts';
import { seededRandom, shuffled } from '../random.ts';

const MOST_CASES = 2000;
/** With fewer events since the last run, all test events are compared. */
const FEWEST_CASES = 100;
const LISTED = 10;

export interface Comparison {
  cases: number;
  /** Whether they all came after the log of the last run. */
  newest: boolean;
  /** The new model over the old one: difference and 95% interval. */
  'ndcg@10': [difference: number, ...Interval];
}

/** Held-out test events of the new data, those after the end of the old data if there are enough. */
export function newestCases(dataset: Dataset, since: number): { cases: Case[]; newest: boolean } {
  const all = shuffled(heldOut(dataset, 'test'), seededRandom(1));
  const late = all.filter(({ time }) => time > since);
  const newest = late.length >= FEWEST_CASES;
  return { cases: (newest ? late : all).slice(0, MOST_CASES), newest };
}

/** `oldData` is what the old model was trained on. */
export async function compareOnNewest(
  models: { old: string; new: string },
  dataset: Dataset,
  oldData: string,
): Promise<Comparison> {
  const since = (await readDataset(oldData)).time.reduce((latest, time) => Math.max(latest, time), 0);
  const { cases, newest } = newestCases(dataset, since);
  const bar = progressBar('comparing', 2 * cases.length);
  const ranks: number[][] = [];
  for (const folder of [models.old, models.new]) {
    const model = await loadFolder(folder);
    const of: number[] = [];
    for (const one of cases) {
      of.push(await servedRank(model, one));
      bar.increment();
    }
    ranks.push(of);
  }
  bar.stop();
  const difference = pairedDifference(ranks[0], ranks[1])['ndcg@10'];
  return { cases: cases.length, newest, 'ndcg@10': [difference.mean, ...difference.interval95] };
}

/** Where the target stands in the list that the service would give; an item that it doesn't know, nowhere. */
async function servedRank(model: Model, { events, target }: Case): Promise<number> {
  const { items } = await recommend(model, given(events), queryFor(LISTED));
  const rank = items.findIndex(({ id }) => id === target);
  return rank < 0 ? Infinity : rank;
}

/** The comparison for people. */
export function told({ cases, newest, 'ndcg@10': [difference, low, high] }: Comparison): string {
  const which = newest ? `${cases} events since the last run` : `${cases} test events`;
  const relation = low > 0 ? 'better' : high < 0 ? 'worse' : 'neither better nor worse beyond chance';
  const [mean, ...ends] = [difference, low, high].map((x) => `${x < 0 ? '-' : '+'}${Math.abs(x).toFixed(4)}`);
  return `On ${which} the new model is ${relation}: NDCG@10 ${mean} [${ends.join(', ')}] over the old one.`;
}
