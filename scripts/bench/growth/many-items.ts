/**
 * A model of many items as a build would make it, without a training of them: random codes, texts and
 * transitions. It takes an isolate as much memory and time as a trained one.
 */
import { CODES } from '../../../worker/engine/coded-table.ts';
import type { ModelConfig } from '../../../worker/engine/config.ts';
import { byteOf, fileBytes, readTransitions } from '../../../worker/memory/layout.ts';
import { type BuiltModel, buildModel, withMemory } from '../../build/build-model.ts';
import { CODES_PER_ITEM, ordered, withLengths } from '../../build/coded/residual.ts';
import { randomCheckpoint } from '../../build/random-checkpoint.ts';
import { randomNormal, seededRandom } from '../../random.ts';

/** Successors per item: sparse catalogues have fewer than the 64 that a memory keeps at most. */
const SUCCESSORS = 16;
/** What each stage's code vectors have of the length of the one before. */
const SHRINKING = 0.85;

export function manyItems(config: ModelConfig, count: number, name: string): BuiltModel {
  const random = seededRandom(1);
  const items = Array.from({ length: count }, (_, i) => ({
    id: `item-${i}`,
    title: `Title ${i} of ${(i * 31) % 5003}`,
    categories: i % 10 === 0 ? [] : [`row ${i % 7}`, `block ${Math.floor(i / 200)}`],
    count: Math.floor(3 / (random() + 1e-4)),
  }));
  const codes = Uint8Array.from({ length: count * CODES_PER_ITEM }, () => Math.floor(random() * CODES));
  const vectors = Float32Array.from({ length: CODES_PER_ITEM * CODES * config.width }, (_, at) =>
    randomNormal(random, 0.2 * SHRINKING ** Math.floor(at / (CODES * config.width))),
  );
  const coded = withLengths(
    { stages: CODES_PER_ITEM, vectors, ...ordered(codes, CODES_PER_ITEM) },
    config.width,
  );
  // The decoder's weights are of a few items: nothing but the vectors depends on how many there are.
  const few = randomCheckpoint({ ...config, items: 64 });
  const model = buildModel({ ...few, items }, name, 'int8', { coded });
  const options = { newest: 20, decay: 0.85, smoothing: 2 / count, weights: [1] };
  return withMemory(model, { file: transitions(count, random), options });
}

/** As `writeTransitions` makes it, without an array per row. */
function transitions(items: number, random: () => number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(fileBytes(items, items * SUCCESSORS));
  new Uint32Array(file.buffer, 0, items + 1)[items] = items * SUCCESSORS;
  const { starts, successors, probabilities } = readTransitions(file, items);
  for (let item = 0; item < items; item++) {
    starts[item] = item * SUCCESSORS;
    // One from each stretch of the catalogue, so that they ascend.
    for (let at = 0; at < SUCCESSORS; at++) {
      successors[item * SUCCESSORS + at] = ((at + random()) * items) / SUCCESSORS;
    }
  }
  probabilities.fill(byteOf(0.02));
  return file;
}
