/** `npm run verify:pytorch`: the float32 graphs in onnxruntime-web against PyTorch, same checkpoint, real histories. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HistoryState } from '../../worker/engine/decoder.ts';
import { type EarnModel, loadModel } from '../../worker/models/model.ts';
import { buildModel } from '../build/build-model.ts';
import { readCheckpoint, readSafetensors } from '../build/checkpoint.ts';
import { memorySource, nodeRuntime } from '../node-model.ts';
import { pythonFolder, runPython } from '../python.ts';

/** Largest difference that float32 in another order of summation may make. */
const TOLERANCE = 1e-3;

/** Items' log-probabilities, then logits of every level, given the codes before it: prefill, then one row a decode step. */
async function logitsOf(model: EarnModel, items: number[], codes: number[]): Promise<number[]> {
  const { decoder } = model;
  const state: HistoryState = await decoder.prefill(items);
  const logits = [...(await decoder.score(state)), ...state.codeLogits];
  let earlier = new Float32Array();
  for (let level = 0; level < codes.length - 1; level++) {
    const ancestors = [Array.from({ length: level }, (_, row) => row)];
    const step = await decoder.decode(state, {
      codes: Int32Array.of(codes[level]),
      level,
      ancestors,
      earlier,
    });
    logits.push(...step.logits);
    earlier = Float32Array.of(...earlier, ...step.keyValues);
  }
  return logits;
}

const { values } = parseArgs({
  options: {
    checkpoint: { type: 'string' },
    data: { type: 'string' },
    users: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});
const { checkpoint: folder, data, users } = values;
if (values.help || !folder || !data) {
  console.error('Usage: npm run verify:pytorch -- --checkpoint DIR --data DIR [--users N]');
  process.exit(values.help ? 0 : 1);
}
const scratch = mkdtempSync(join(tmpdir(), 'earn-edge-'));
try {
  const out = join(scratch, 'logits.safetensors');
  const script = join(pythonFolder, 'reference_logits.py');
  await runPython([script, '--checkpoint', folder, '--data', data, '--users', users, '--out', out]);
  const expected = readSafetensors(out);
  const model = await loadModel(
    memorySource(buildModel(readCheckpoint(folder), 'float32', 'float32').files),
    nodeRuntime(),
  );
  let largest = 0;
  let longest = 0;
  for (let user = 0; user < Number(users); user++) {
    const [items, codes, logits] = ['items', 'codes', 'logits'].map((name) => [
      ...expected.get(`${user}.${name}`)!.data,
    ]);
    longest = Math.max(longest, items.length);
    for (const [i, value] of (await logitsOf(model, items, codes)).entries()) {
      largest = Math.max(largest, Math.abs(value - logits[i]));
    }
  }
  const passed = largest <= TOLERANCE;
  const result = { users: Number(users), longest_history: longest, largest_difference: largest, passed };
  console.log(JSON.stringify(result));
  if (!passed) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
