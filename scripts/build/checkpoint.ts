/** Reads what `npm run train` wrote: `model.safetensors`, `config.json`, `items.jsonl`. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogueItem } from '../../worker/catalogue/item.ts';
import type { ModelConfig } from '../../worker/engine/config.ts';
import type { EventMeaning } from '../../worker/events/event-types.ts';
import { type Manifest, RANKERS, type RankerName } from '../../worker/models/manifest.ts';
import { DataError } from '../data/errors.ts';

/** Where `npm run refit` puts its result, within the checkpoint's folder. */
const REFIT_FOLDER = 'refit';

/** A float32 matrix as PyTorch stores it: row-major; of a linear layer [outputs x inputs]. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

export interface Checkpoint {
  config: ModelConfig;
  /** The ranker with the highest NDCG@10 on validation. */
  ranker: RankerName;
  /** How it was trained and what it reached, as the training wrote it. */
  training: Manifest['training'];
  validation: Manifest['validation'];
  /** Whether it is a refit, fitted to validation items too. */
  isRefit: boolean;
  /**
   * Range of what each linear layer reads, [low, high], and the largest keys and values
   * (`scripts/train/earn_train/calibrate.py`).
   */
  activations: Record<string, number[]>;
  /** The types of events that it tells apart, if any; their vectors are `kind.weight` and `target.weight`. */
  events?: EventMeaning;
  items: CatalogueItem[];
  /** How many of the items the training has seen: the first ones. */
  trainedItems: number;
  /** [items x levels]. */
  semanticIds: Int32Array;
  matrix(name: string): Matrix;
}

/** @throws {DataError} when a file is damaged, unfinished or of another shape */
export function readCheckpoint(folder: string): Checkpoint {
  const path = join(folder, 'config.json');
  const { model, training, validation, activations, events, refit_of } = parseJson(
    readFileSync(path, 'utf8'),
    path,
  );
  if (!activations) throw new DataError(`${path}: no activation ranges; let the training finish`);
  const { prefixes = 1, suffixes = 1 } = model; // older checkpoints don't say
  const localWindow = model.local_window ?? model.tail; // its older name
  if (prefixes !== 1 || suffixes !== 1) {
    throw new DataError(`${path}: the engine runs one prefix and one suffix register, no other number`);
  }
  if (model.gates) throw new DataError(`${path}: the engine runs no gates`);
  if (localWindow === undefined) {
    throw new DataError(
      `${path}: its codes were trained to begin in the first layer, they begin after layer k now; train anew`,
    );
  }
  const tensors = readSafetensors(join(folder, 'model.safetensors'));
  const items = readFileSync(join(folder, 'items.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line, index) => parseJson(line, `${folder}/items.jsonl:${index + 1}`))
    .map(({ id, title, categories, count }) => ({
      id,
      title: title ?? id,
      categories: categories ?? [],
      count,
    }));
  const config: ModelConfig = {
    items: model.items,
    levels: model.levels,
    codebook: model.codebook,
    depth: model.depth,
    registerDepth: model.register_depth,
    localWindow,
    ...(model.sliding_window && { slidingWindow: model.sliding_window }),
    ...(model.code_layers && { codeLayers: model.code_layers }),
    width: model.width,
    heads: model.heads,
    headDim: model.head_dim,
    ffn: model.ffn,
    contextWindow: model.window,
  };
  if (items.some(({ count }) => !Number.isInteger(count))) {
    throw new DataError(`${folder}/items.jsonl has no counts; npm run train with the same flags adds them`);
  }
  if (items.length !== config.items) {
    throw new DataError(`${folder}: ${items.length} items listed, ${config.items} in the model`);
  }
  const semanticIds = tensors.get('semantic_ids')!.data as Int32Array;
  const ndcg = (ranker: RankerName): number => validation[ranker]?.['ndcg@10'] ?? 0;
  return {
    config,
    ranker: RANKERS.reduce((best, each) => (ndcg(each) > ndcg(best) ? each : best)),
    training,
    validation,
    activations,
    isRefit: refit_of !== undefined,
    ...(events && { events: meaningOf(events) }),
    items,
    trainedItems: items.length,
    semanticIds,
    matrix(name) {
      const tensor = tensors.get(name);
      if (!tensor) throw new DataError(`${folder}/model.safetensors has no tensor ${name}`);
      const [rows, columns] = tensor.shape.length === 2 ? tensor.shape : [1, tensor.shape[0]];
      return { rows, columns, data: tensor.data as Float32Array };
    },
  };
}

/** Whether the checkpoint has a refit of its own weights. */
export function hasRefit(folder: string): boolean {
  const path = join(folder, REFIT_FOLDER, 'config.json');
  if (!existsSync(path)) return false;
  const weights = readFileSync(join(folder, 'model.safetensors'));
  const { refit_of } = parseJson(readFileSync(path, 'utf8'), path);
  return refit_of === createHash('sha256').update(weights).digest('hex');
}

/**
 * The checkpoint's refit, if it has one.
 * @throws {DataError} when that was made of other weights
 */
export function readRefit(folder: string): Checkpoint | undefined {
  const refit = join(folder, REFIT_FOLDER);
  if (!existsSync(join(refit, 'config.json'))) return undefined;
  if (hasRefit(folder)) return readCheckpoint(refit);
  throw new DataError(`${refit} was made of other weights: run npm run refit again, or delete it`);
}

/** The weights of the training are of no use to the service. */
function meaningOf({ types, target, hide, remove, forbid }: EventMeaning): EventMeaning {
  return { types, target, hide, remove, forbid };
}

/** @throws {DataError} when the text is not JSON */
function parseJson(text: string, place: string) {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError(`${place}: not valid JSON`);
  }
}

interface Tensor {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** A tensor in the header of a safetensors file. */
interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * The safetensors format: u64 header length, JSON header, tensors. https://github.com/huggingface/safetensors
 */
export function readSafetensors(path: string): Map<string, Tensor> {
  const file = readFileSync(path);
  const headerBytes = file.length < 8 ? 0 : Number(file.readBigUInt64LE(0));
  const header: Record<string, Entry> = parseJson(file.toString('utf8', 8, 8 + headerBytes), path);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: range } = entry;
    if (8 + headerBytes + range[1] > file.length) {
      throw new DataError(`${path}: ends before tensor ${name} does`);
    }
    const bytes = file.buffer.slice(
      file.byteOffset + 8 + headerBytes + range[0],
      file.byteOffset + 8 + headerBytes + range[1],
    );
    if (dtype === 'F32') tensors.set(name, { shape, data: new Float32Array(bytes) });
    else if (dtype === 'I32') tensors.set(name, { shape, data: new Int32Array(bytes) });
    else throw new DataError(`${path}: tensor ${name} has unsupported type ${dtype}`);
  }
  return tensors;
}
