/** GPUs and their drivers differ: before one is trusted, it has to agree with WASM. */
import type { Model } from '../models/model.ts';
import { search } from '../recommend/search.ts';

/** Items of the history that both are asked about. */
const HISTORY = 12;
/** Films of the list that both make of it. */
const LIST = 10;
/** The least that two lists must share: rounding may exchange two films that are as good as each other. */
const AGREEMENT = 0.9;

/** Throws when `model` recommends something else than `reference`. */
export async function mustAgree(model: Model, reference: Model): Promise<void> {
  const items = model.catalogue.items.length;
  const history = Array.from({ length: HISTORY }, (_, i) => Math.floor((i * items) / HISTORY));
  const request = { k: LIST, allowed: model.catalogue.allowed(history) };
  const list = async (of: Model) => await search(of, await of.prefill(history), request);
  const expected = (await list(reference)).map(({ item }) => item);
  const actual = (await list(model)).map(({ item }) => item);
  const shared = actual.filter((item) => expected.includes(item)).length;
  if (shared < AGREEMENT * expected.length) {
    throw new Error(`WebGPU recommends other films than WASM: ${shared} of ${expected.length} are the same`);
  }
}
