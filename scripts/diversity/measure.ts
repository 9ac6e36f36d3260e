/** The lists of ten with several values of `diversity`, made of the same states. */
import type { Ranked } from '../../worker/engine/ranking.ts';
import { itemOf } from '../../worker/engine/token.ts';
import { dot } from '../../worker/engine/vectors.ts';
import type { Model } from '../../worker/models/model.ts';
import { CANDIDATES, diversified, unitVectors } from '../../worker/recommend/diversity.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import type { Dataset, Split } from '../dataset.ts';
import { UserError } from '../errors.ts';
import { indexed, indexedCase, unseenCases } from '../evaluate/cases.ts';
import { contextWindow, servedAfter } from '../evaluate/lists.ts';
import { mean, metricsOf, pairedDifference, rankIn, rounded } from '../evaluate/metrics.ts';
import { seededRandom, shuffled } from '../random.ts';
import type { DiversityRow } from './tables.ts';

const DIVERSITIES = [0, 0.1, 0.3, 0.5, 1];
const LIST = 10;
const SEED = 1;

export async function measure(
  model: Model,
  dataset: Dataset,
  { split, cases: most }: { split: Split; cases: number },
  step: () => void,
): Promise<DiversityRow[]> {
  const users = indexed(dataset, model);
  const cases = shuffled(unseenCases(model, dataset, split), seededRandom(SEED))
    .slice(0, most)
    .map((one) => indexedCase(one, users, model))
    .filter(({ history }) => history.length > 0);
  if (cases.length === 0) throw new UserError(`the data holds nothing out for ${split}`);
  const all = DIVERSITIES.map((diversity) => ({
    diversity,
    ranks: [] as number[],
    similarities: [] as number[],
    categories: [] as number[],
  }));
  for (const { history, target } of cases) {
    const best = await candidates(model, history);
    const itemAt = await model.catalogue.read(best.map(({ item }) => item));
    for (const { diversity, ranks, similarities, categories } of all) {
      const list = listOf(model, best, diversity);
      const items = list.map(({ item }) => item);
      ranks.push(rankIn(items, target));
      similarities.push(meanCosine(unitVectors(model, list)));
      categories.push(new Set(items.flatMap((item) => itemAt(item).categories)).size);
    }
    step();
  }
  return all.map(({ diversity, ranks, similarities, categories }) => {
    const { 'hr@10': hr, 'ndcg@10': ndcg } = metricsOf(ranks);
    return {
      diversity,
      cases: ranks.length,
      'hr@10': hr,
      'ndcg@10': ndcg,
      over_none: pairedDifference(all[0].ranks, ranks)['ndcg@10'],
      similarity: rounded(mean(similarities)),
      categories: rounded(mean(categories)),
    };
  });
}

/** What the model serves, as many as places are given anew among. */
async function candidates(model: Model, history: Int32Array): Promise<Ranked[]> {
  const window = contextWindow(history, model);
  const state = await model.prefill(window);
  const allowed = servedAfter(history, model);
  return RANKERS[model.manifest.ranker].rank({
    model,
    history: window.map(itemOf),
    state,
    allowed,
    k: CANDIDATES,
  });
}

/** Without diversity the service does not look at vectors. */
function listOf(model: Model, best: Ranked[], diversity: number): Ranked[] {
  if (diversity === 0) return best.slice(0, LIST);
  return diversified(model, best, { k: LIST, diversity, fixed: 0 });
}

/** Of each two of the vectors. */
function meanCosine(vectors: Float32Array[]): number {
  return mean(vectors.flatMap((a, at) => vectors.slice(at + 1).map((b) => dot(a, b))));
}
