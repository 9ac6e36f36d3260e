/** A GPU is trusted only when it recommends what WASM does. */
import { expect, test } from 'vitest';
import { mustAgree } from '../../worker/demo/self-check.ts';
import { loadTiny, loadTinyGpu } from '../fixtures/tiny-model.ts';

test("the same model in the GPU's arithmetic agrees with itself", async () => {
  await mustAgree(await loadTinyGpu(), await loadTiny('int8'));
});

test('whatever computes something else does not', async () => {
  const other = await loadTiny('int8', { depth: 3 });
  await expect(mustAgree(await loadTinyGpu(), other)).rejects.toThrow('recommends other films');
});
