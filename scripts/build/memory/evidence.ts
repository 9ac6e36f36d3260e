/** What the memory says after a history, as the fit takes it. */
import type { Affinities } from '../../../worker/memory/affinities.ts';
import type { Memory } from '../../../worker/memory/memory.ts';
import { type Sparse, sparseSums } from '../../../worker/memory/sparse.ts';
import type { Evidence } from './fit.ts';

/** log((q + s) / s) of the items with q > 0. */
export function transitionEvidence(memory: Memory, history: readonly number[]): Sparse {
  const { items, values } = memory.scores(history);
  const { smoothing } = memory.options;
  return { items, values: values.map((value) => Math.log1p(value / smoothing)) };
}

/** The sums of the affinities, for a catalogue of so many items. */
export function affinityEvidence(affinities: Affinities, history: readonly number[], items: number): Sparse {
  const sums = sparseSums(items);
  affinities.addTo(sums, history, 1);
  return sums.take();
}

/** Of all parts, over the items of which any says something. */
export function evidenceOf(parts: readonly Sparse[]): Evidence {
  const place = new Map<number, number>();
  for (const { items } of parts) for (const item of items) if (!place.has(item)) place.set(item, place.size);
  return {
    items: Int32Array.from(place.keys()),
    parts: parts.map(({ items, values }) => {
      const aligned = new Float32Array(place.size);
      for (const [i, item] of items.entries()) aligned[place.get(item)!] = values[i];
      return aligned;
    }),
  };
}
