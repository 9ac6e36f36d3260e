/** What the service does unless a request says otherwise, chosen on validation items. */
import type { Manifest } from '../../worker/models/manifest.ts';
import type { Model } from '../../worker/models/model.ts';
import { BEAM } from '../../worker/recommend/rankers/beam.ts';
import { isAvailable } from '../../worker/recommend/rankers/index.ts';
import { type Dataset, heldOut } from '../dataset.ts';
import { type IndexedCase, indexed, indexedCase } from '../evaluate/cases.ts';
import { JUDGED_RANKERS, modelLists, servedAfter } from '../evaluate/lists.ts';
import { METRICS, rankIn } from '../evaluate/metrics.ts';
import { SILENT } from '../progress.ts';
import { seededRandom, shuffled } from '../random.ts';

/** Validation items that decide: enough to tell .01 of NDCG@10 apart. */
const MOST_CASES = 2000;

/**
 * Whether lists are better with the items that users have had. Where nobody takes anything twice they are
 * not, and nothing needs to be ranked to know.
 */
export async function chooseIncludeSeen(model: Model, dataset: Dataset, stage = SILENT): Promise<boolean> {
  const cases = sample(model, dataset);
  if (!cases.some(({ repeat }) => repeat)) return false;
  const [hidden, listed] = [false, true].map((includeSeen): Model => {
    return Object.create(model, { manifest: { value: { ...model.manifest, includeSeen } } });
  });
  const { ranker } = model.manifest;
  const step = stage(2 * cases.length);
  const ndcg = async (served: Model) => (await ndcgOf(served, cases, [ranker], step))[ranker];
  return (await ndcg(listed)) > (await ndcg(hidden));
}

/** The best of the ranker that the training found best and of counting, which needs no decoder. */
export async function chooseRanker(
  model: Model,
  dataset: Dataset,
  stage = SILENT,
): Promise<Manifest['ranker']> {
  const trained = model.manifest.ranker;
  const rankers = JUDGED_RANKERS.filter((name) => name === trained || name === 'counts').filter((name) =>
    isAvailable(name, model),
  );
  const cases = sample(model, dataset);
  const ndcg = await ndcgOf(model, cases, rankers, stage(cases.length));
  return rankers.reduce((best, each) => (ndcg[each] > ndcg[best] ? each : best), trained);
}

function sample(model: Model, dataset: Dataset): IndexedCase[] {
  const users = indexed(dataset, model);
  const drawn = shuffled(heldOut(dataset, 'valid'), seededRandom(1)).slice(0, MOST_CASES);
  return drawn.map((one) => indexedCase(one, users, model)).filter(({ history }) => history.length > 0);
}

/** NDCG@10 of each ranker's lists as they are served. */
async function ndcgOf(model: Model, cases: IndexedCase[], rankers: Manifest['ranker'][], step: () => void) {
  const lists = modelLists(model, rankers, BEAM);
  const sums = Object.fromEntries(rankers.map((name) => [name, 0]));
  for (const { history, target } of cases) {
    const made = await lists(history, servedAfter(history, model));
    for (const name of rankers) sums[name] += METRICS['ndcg@10'](rankIn(made.get(name)!, target));
    step();
  }
  return Object.fromEntries(rankers.map((name) => [name, sums[name] / Math.max(1, cases.length)]));
}
