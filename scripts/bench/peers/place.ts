/** The folders of the peers, of the shape of a model and with random weights, which take the same time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelConfig, WEIGHTS_FILE } from '../../../worker/engine/config.ts';
import type { Checkpoint } from '../../build/checkpoint.ts';
import { Weights } from '../../build/graph.ts';
import { dynamicProduct } from './products.ts';
import { randomSasRec, sasRecGraph } from './sasrec-graph.ts';
import { usualGraph } from './usual-graph.ts';

/** The decoder of `checkpoint`, whose k is N. */
export function placeUsual(checkpoint: Checkpoint, folder: string): void {
  const store = new Weights();
  place(folder, checkpoint.config, usualGraph(checkpoint, dynamicProduct, store), store);
  const ids = Uint16Array.from(checkpoint.semanticIds);
  writeFileSync(join(folder, 'semantic-ids.bin'), new Uint8Array(ids.buffer));
}

export function placeSasRec(config: ModelConfig, folder: string): void {
  const store = new Weights();
  place(folder, config, sasRecGraph(config, randomSasRec(config), dynamicProduct, store), store);
}

function place(folder: string, config: ModelConfig, graph: Uint8Array, store: Weights): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'graph.onnx'), graph);
  writeFileSync(join(folder, WEIGHTS_FILE), store.bytes());
}
