/**
 * A checkpoint as the folder that the engine loads: graphs, weights, item table, catalogue, semantic IDs,
 * manifest.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Precision } from '../../worker/engine/config.ts';
import { readTransitions } from '../../worker/memory/layout.ts';
import { transitionShards } from '../../worker/memory/stored-transitions.ts';
import { sealedText } from '../../worker/models/files.ts';
import {
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  type Manifest,
  type ModelFile,
  type PageWords,
} from '../../worker/models/manifest.ts';
import { ROW_SHARDS } from '../../worker/models/shards.ts';
import { SILENT, type Stage } from '../progress.ts';
import type { ArithmeticKind } from './arithmetic.ts';
import type { Checkpoint } from './checkpoint.ts';
import { addShards, largeFiles } from './coded/large-files.ts';
import { type CodedItems, decoded } from './coded/residual.ts';
import { decodeGraph } from './decode-graph.ts';
import { Weights } from './graph.ts';
import { firstRows, itemTable, scoreGraph } from './item-table.ts';
import type { BuiltMemory } from './memory/build-memory.ts';
import { prefillGraph } from './prefill-graph.ts';
import { prefixOf } from './reference.ts';
import { type Linear, servingWeights } from './weights.ts';
import { fitCommonWords, fitWords } from './words.ts';

/** Hexadecimal digits of a manifest's ids. */
const ID_DIGITS = 16;

/** The largest static asset: https://developers.cloudflare.com/workers/platform/limits/#static-assets */
const PIECE_BYTES = 25 * 1024 * 1024;

export interface BuiltModel {
  manifest: Manifest;
  /** Every file by name, the manifest too. */
  files: Map<string, Uint8Array>;
}

interface BuildOptions {
  /** What one of the items is called where people read of it. @default 'item' */
  noun?: string;
  /** What the demo page says. */
  page?: PageWords;
  /** The items as codes, for a large catalogue. @default each vector as it is */
  coded?: CodedItems;
  /** Of the fit of word vectors. */
  stage?: Stage;
  /** The most that a piece of the weights or of the item table may have. */
  pieceBytes?: number;
}

export function buildModel(
  checkpoint: Checkpoint,
  name: string,
  precision: Precision,
  { noun = 'item', page, coded, pieceBytes = PIECE_BYTES, stage = SILENT }: BuildOptions = {},
): BuiltModel {
  const weights = servingWeights(checkpoint);
  const prefixKeyValues = prefixOf(weights);
  const store = new Weights();
  const files = new Map<string, Uint8Array>();
  const file = (path: string, bytes: Uint8Array) => addFile(files, path, bytes);
  const pieces = (stem: string, bytes: Uint8Array) => addPieces(files, stem, bytes, pieceBytes);

  const { training, validation } = checkpoint;
  const items = coded ? Array.from(coded.order, (item) => checkpoint.items[item]) : checkpoint.items;
  const config = { ...checkpoint.config, items: items.length };
  const options = (arithmetic: ArithmeticKind) => ({ weights, prefixKeyValues, arithmetic, store });
  // A search over semantic IDs has to have all of them in memory.
  const graphs = {
    prefill: file('prefill.onnx', prefillGraph(options(precision))),
    ...(!coded && {
      score: file('score.onnx', scoreGraph(config, precision)),
      decode: file('decode.onnx', decodeGraph(options(precision))),
    }),
  };
  const gpu = options(precision === 'int8' ? 'webgpu' : 'float32');
  const webgpu = {
    prefill: file('prefill.webgpu.onnx', prefillGraph(gpu)),
    ...(!coded && { decode: file('decode.webgpu.onnx', decodeGraph(gpu)) }),
  };
  const fitted = coded
    ? fitCommonWords(items, (some) => decoded(coded, some), stage)
    : fitWords(items, weights.itemVectors, { stage });
  const words = {
    vocabulary: file('words.json', json(fitted.vocabulary)),
    vectors: pieces('word-vectors', itemTable(fitted.vectors, 'int8')),
    length: fitted.length,
  };
  const table = coded ? null : itemTable(weights.itemVectors, precision);
  const catalogue = table && {
    catalogue: file('catalogue.json', json(items)),
    semanticIds: file('semantic-ids.bin', new Uint8Array(Uint16Array.from(checkpoint.semanticIds).buffer)),
    itemTable: pieces('item-table', table),
  };
  const large = coded && largeFiles(items, coded, { file, pieces });
  const content = {
    precision,
    config,
    ranker: coded ? ('latent' as const) : checkpoint.ranker,
    includeSeen: false,
    graphs,
    webgpu,
    shards: pieces('weights', store.bytes()),
    ...catalogue,
    ...(large && { large }),
    words,
    ...(checkpoint.events && {
      events: { ...checkpoint.events, table: file('event-types.bin', eventTable(checkpoint, weights.heads)) },
    }),
  };

  const { items: _, ...shapes } = config;
  const trained = items.slice(0, coded ? items.length : checkpoint.trainedItems).map(({ id }) => id);
  const state = {
    precision,
    shapes,
    graphs: [graphs.prefill.sha256, webgpu.prefill.sha256],
    weights: content.shards.map(({ sha256 }) => sha256),
    trained,
    rows: table
      ? firstRows(table, trained.length, config, precision).map(sha256)
      : [...large!.codes, ...large!.codeVectors].map(({ sha256 }) => sha256),
    ...(content.events && { events: content.events }),
  };
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    id: shortHash(content),
    stateId: shortHash(state),
    catalogueId: (catalogue?.catalogue ?? large!.items[0]).sha256.slice(0, ID_DIGITS),
    name,
    noun,
    ...(page && { page }),
    ...content,
    training,
    ...(checkpoint.isRefit && { refit: true as const }),
    validation,
  };
  files.set(MANIFEST_FILE, sealed(manifest));
  return { manifest, files };
}

/**
 * The same model with a memory of transitions. It is another model, but its states and its catalogue are the
 * same.
 */
export function withMemory(
  { manifest, files }: BuiltModel,
  { file, options, affinities }: Pick<BuiltMemory, 'file' | 'options' | 'affinities'>,
  pieceBytes = PIECE_BYTES,
): BuiltModel {
  const all = new Map(files);
  const transitions = manifest.large
    ? { rows: addPieces(all, 'transition-hashes', addRows(all, file, manifest.config.items), pieceBytes) }
    : { shards: addPieces(all, 'memory', file, pieceBytes) };
  const memory = {
    ...transitions,
    ...options,
    ...(affinities && {
      affinities: {
        shards: addPieces(all, 'affinities', affinities.file, pieceBytes),
        ...affinities.options,
      },
    }),
  };
  const remembering = { ...manifest, id: shortHash({ id: manifest.id, memory }), memory };
  all.set(MANIFEST_FILE, sealed(remembering));
  return { manifest: remembering, files: all };
}

/** The memory's rows as files; returns the hashes of these. */
function addRows(files: Map<string, Uint8Array>, file: Uint8Array<ArrayBuffer>, items: number): Uint8Array {
  const shards = transitionShards(readTransitions(file, items));
  return addShards(ROW_SHARDS, shards, (path, bytes) => addFile(files, path, bytes));
}

/** The same model with other defaults. It is another model, but its states and its catalogue are the same. */
export function withDefaults(
  { manifest, files }: BuiltModel,
  defaults: Partial<Pick<Manifest, 'ranker' | 'includeSeen'>>,
): BuiltModel {
  const changed = { ...manifest, ...defaults, id: shortHash({ id: manifest.id, defaults }) };
  return { manifest: changed, files: new Map(files).set(MANIFEST_FILE, sealed(changed)) };
}

/** The same model, whose new items follow what they are like so much: lists change, states do not. */
export function withFollowed({ manifest, files }: BuiltModel, followed: number): BuiltModel {
  const id = shortHash({ id: manifest.id, followed });
  const changed = { ...manifest, id, words: { ...manifest.words!, followed } };
  return { manifest: changed, files: new Map(files).set(MANIFEST_FILE, sealed(changed)) };
}

/**
 * The vectors of the types of events, what each adds to final states as a target, and what that adds to the
 * logits of the codes, which are linear in them: `EventTypes`.
 */
function eventTable({ events, config, matrix }: Checkpoint, heads: readonly Linear[]): Uint8Array {
  const { width, codebook } = config;
  const rows = events!.types.length + 1;
  const targets = events!.target === null ? new Float32Array(rows * width) : matrix('target.weight').data;
  const codes = new Float32Array(rows * heads.length * codebook);
  for (let row = 0; row < rows; row++) {
    for (const [level, { data }] of heads.entries()) {
      const to = (row * heads.length + level) * codebook;
      for (let c = 0; c < width; c++) {
        const value = targets[row * width + c];
        for (let code = 0; code < codebook; code++) codes[to + code] += value * data[c * codebook + code];
      }
    }
  }
  const table = Float32Array.of(...matrix('kind.weight').data, ...targets, ...codes);
  return new Uint8Array(table.buffer);
}

function addFile(files: Map<string, Uint8Array>, path: string, bytes: Uint8Array): ModelFile {
  files.set(path, new Uint8Array(bytes)); // not Node's Buffer, whose slices are views
  return { path, bytes: bytes.length, sha256: sha256(bytes) };
}

/** A file in pieces of at most `pieceBytes`. */
function addPieces(
  files: Map<string, Uint8Array>,
  stem: string,
  bytes: Uint8Array,
  pieceBytes: number,
): ModelFile[] {
  return Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) => {
    const piece = bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes);
    return addFile(files, `${stem}-${index}.bin`, piece);
  });
}

/**
 * Replaces the files of an earlier model in `folder`. The manifest comes last, so a reader never trusts half
 * a model.
 */
export function writeModel(model: BuiltModel, folder: string): void {
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, MANIFEST_FILE), { force: true });
  for (const old of readdirSync(folder)) {
    if (
      /\.(onnx|bin|jsonl)$|^(catalogue|categories|words|item-words-\d+)\.json$/.test(old) &&
      !model.files.has(old)
    )
      rmSync(join(folder, old));
  }
  for (const [path, bytes] of model.files) {
    writeFileSync(join(folder, `${path}.part`), bytes);
    renameSync(join(folder, `${path}.part`), join(folder, path));
  }
}

/** The manifest's file, with a digest of all the rest. */
function sealed(manifest: Manifest): Uint8Array {
  const digest = sha256(new TextEncoder().encode(sealedText(JSON.parse(JSON.stringify(manifest)))));
  return json({ ...manifest, digest }, 2);
}

function shortHash(value: unknown): string {
  return sha256(json(value)).slice(0, ID_DIGITS);
}

function json(value: unknown, indent?: number): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, indent)}\n`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
