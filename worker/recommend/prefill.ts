/** Histories in the decoder, in turns with others. */
import type { HistoryState } from '../engine/decoder.ts';
import type { Model } from '../models/model.ts';
import type { Run } from './run.ts';

/**
 * The state of `past`'s history with `items` appended, as `Model.prefill` gives it. A long history takes
 * several turns: nobody waits for all of it (chunked prefill, Agrawal and others, OSDI 2024).
 */
export async function prefilled(
  model: Model,
  items: readonly number[],
  run: Run,
  past?: HistoryState,
): Promise<HistoryState> {
  const first = items.slice(0, run.mostItems);
  const state = await run.infer(first.length, () => model.prefill(first, past));
  return first.length < items.length ? prefilled(model, items.slice(first.length), run, state) : state;
}
