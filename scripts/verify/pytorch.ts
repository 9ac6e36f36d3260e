/**
 * `npm run verify:pytorch`: the float32 graphs in onnxruntime-web against PyTorch, same checkpoint, real
 * histories.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EarnModel, loadModel } from '../../worker/models/model.ts';
import { buildModel } from '../build/build-model.ts';
import { readCheckpoint, readSafetensors } from '../build/checkpoint.ts';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { memorySource, nodeRuntime } from '../node-model.ts';
import { runPython } from '../python.ts';

/** The largest difference that another order of summation may make in float32. */
const TOLERANCE = 1e-3;

/**
 * Log-probabilities of all items, then the logits of every level given the codes before it: prefill, then one
 * row per decode step.
 */
async function logitsOf(model: EarnModel, items: number[], codes: number[]): Promise<number[]> {
  const { decoder, manifest, events } = model;
  const { codebook } = manifest.config;
  const shift = events?.codeShift();
  const aimed = (logits: Float32Array, level: number) =>
    shift ? logits.map((logit, code) => logit + shift[level * codebook + code]) : logits;
  const state = await model.prefill(items);
  const logits = [...(await model.itemLogProbs(state)), ...aimed(state.codeLogits, 0)];
  let earlier = new Float32Array();
  for (let level = 0; level < codes.length - 1; level++) {
    const ancestors = [Array.from({ length: level }, (_, row) => row)];
    const step = await decoder.decode(state, {
      codes: Int32Array.of(codes[level]),
      level,
      ancestors,
      earlier,
    });
    logits.push(...aimed(step.logits, level + 1));
    earlier = Float32Array.of(...earlier, ...step.keyValues);
  }
  return logits;
}

const command = defineCommand({
  usage: `npm run verify:pytorch -- --checkpoint DIR --data DIR [options]

Compares the logits of the float32 graphs in onnxruntime-web with those of PyTorch, for the same checkpoint
and real histories. Exits 1 when one differs by more than ${TOLERANCE}. The last line printed is a JSON
object.`,
  options: {
    checkpoint: {
      type: 'folder',
      holds: 'config.json',
      required: true,
      description: 'what `npm run train` wrote',
    },
    data: { type: 'folder', holds: LOG_FILES, required: true, description: 'the histories' },
    users: { type: 'integer', min: 1, default: 100, description: 'how many histories' },
  },
  async main({ checkpoint, data, users }, { command, print }) {
    // First what takes seconds: PyTorch takes minutes, and a checkpoint may be unfinished.
    const { files } = buildModel(readCheckpoint(checkpoint), 'float32', 'float32');
    const model = await loadModel(memorySource(files), nodeRuntime());
    const expected = await referenceLogits(checkpoint, data, users);
    let largest = 0;
    let longest = 0;
    for (let user = 0; user < users; user++) {
      const [items, codes, logits] = ['items', 'codes', 'logits'].map((name) => [
        ...expected.get(`${user}.${name}`)!.data,
      ]);
      longest = Math.max(longest, items.length);
      for (const [i, value] of (await logitsOf(model, items, codes)).entries()) {
        largest = Math.max(largest, Math.abs(value - logits[i]));
      }
    }
    const passed = largest <= TOLERANCE;
    print(JSON.stringify({ command, users, longest_history: longest, largest_difference: largest, passed }));
    if (!passed) process.exitCode = 1;
  },
});

/** What PyTorch computes: tensors `<user>.items`, `<user>.codes` and `<user>.logits`. */
async function referenceLogits(checkpoint: string, data: string, users: number) {
  const scratch = mkdtempSync(join(tmpdir(), 'earn-edge-'));
  try {
    const out = join(scratch, 'logits.safetensors');
    const flags = ['--checkpoint', checkpoint, '--data', data, '--users', `${users}`, '--out', out];
    await runPython(['-m', 'earn_train.reference_logits', ...flags]);
    return readSafetensors(out);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (import.meta.main) await runCommand(command);
