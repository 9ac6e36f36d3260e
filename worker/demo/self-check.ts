/** GPUs and their drivers differ, so a GPU must agree with WASM before it is used. */
import type { Model } from '../models/model.ts';
import { RANKERS } from '../recommend/rankers/index.ts';

/** Length of the history that both are asked about. */
const HISTORY = 12;
/** Length of the lists that are compared. */
const LIST = 10;
/** Least share that the two lists must have in common: rounding may exchange films that are equally good. */
const AGREEMENT = 0.9;

/** Throws when the two recommend different films. */
export async function mustAgree(model: Model, reference: Model): Promise<void> {
  const items = model.catalogue.size;
  const history = Array.from({ length: HISTORY }, (_, i) => Math.floor((i * items) / HISTORY));
  const { rank } = RANKERS[model.manifest.ranker];
  const list = async (model: Model) => {
    const allowed = model.catalogue.allowed(history);
    const ranked = await rank({ model, state: await model.prefill(history), history, k: LIST, allowed });
    return ranked.map(({ item }) => item);
  };
  const [expected, actual] = [await list(reference), await list(model)];
  const shared = actual.filter((item) => expected.includes(item)).length;
  if (shared < AGREEMENT * expected.length) {
    throw new Error(`WebGPU recommends other films than WASM: ${shared} of ${expected.length} are the same`);
  }
}
