/** States as bytes. */
import { expect, test } from 'vitest';
import { seededRandom } from '../../scripts/random.ts';
import { decodeState, encodeState, type StoredState, stateBytes } from '../../worker/cache/state-codec.ts';
import { CHAIN_START } from '../../worker/history/chain.ts';

const random = seededRandom(5);
const below = (most: number) => Math.floor(most * random());
const integers = (count: number, most: number) => Int32Array.from({ length: count }, () => below(most));

function anyState(): StoredState {
  const count = below(300);
  const named = Array.from({ length: below(4) }, (_, at) => 'é界😀'.repeat(below(9)) + at);
  return {
    stateId: 'fa4efa4efa4efa4e',
    epoch: '12345678-0000-4000-8000-00000000abcd',
    position: count,
    digest: CHAIN_START.slice(),
    anchor: 0,
    hadFrom: 0,
    history: {
      // Tokens of typed events are as large as 32 bits allow.
      items: integers(count, random() < 0.5 ? 4000 : 2 ** 31),
      had: integers(count, 4000).sort(),
      hadHash: 2 ** 51 + 1,
      unknown: { named, hashes: Float64Array.from(named, () => below(2 ** 52)) },
    },
    state:
      count === 0
        ? null
        : {
            length: count,
            final: Float32Array.from({ length: 8 }, random),
            codeLogits: Float32Array.from({ length: 4 }, random),
            localKeyValues: Int8Array.from(integers(12, 100)),
            slidingKeyValues: Int8Array.from(integers(below(9), 100)),
            keyValues: Int8Array.from(integers(16 * count, 100)),
          },
  };
}

test('a state comes back from its bytes, and its size is known without them', () => {
  for (let round = 0; round < 50; round++) {
    const stored = anyState();
    const bytes = encodeState(stored);
    expect(stateBytes(stored)).toBe(bytes.byteLength);
    expect(decodeState(bytes)).toEqual(stored);
  }
});
