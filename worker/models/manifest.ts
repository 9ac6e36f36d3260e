/** `manifest.json`: what `npm run build:model` says of the folder that it writes. */
import * as z from 'zod/mini';
import { toDotPath } from 'zod/v4/core';
import en from 'zod/v4/locales/en.js';
import {
  BACKENDS,
  type Backend,
  firstCodeLayer,
  firstLocalLayer,
  type GraphName,
  PRECISIONS,
} from '../engine/config.ts';
import { ModelUnavailable } from '../engine/errors.ts';
import { itemTableLayout } from '../engine/item-table.ts';
import { count, file, type ModelFile, pieces, sizeOf } from './model-file.ts';

export { type ModelFile, sizeOf };

/** Version of the folder's layout. Only this one is read. */
export const MANIFEST_FORMAT = 7;
export const MANIFEST_FILE = 'manifest.json';

/** Ways to turn a state into a list. */
export const RANKERS = ['latent', 'beam', 'hybrid'] as const;
export type RankerName = (typeof RANKERS)[number];

/** Messages that say what is expected; zod/mini has none of its own. */
const ENGLISH = { error: en().localeError };

const hash = z.string().check(z.regex(/^[0-9a-f]{16}$/));

/** `ModelConfig` says what each is. */
const config = z
  .strictObject({
    items: count,
    levels: count,
    codebook: count,
    depth: count,
    registerDepth: count,
    localWindow: z.int().check(z.nonnegative()),
    slidingWindow: z.optional(count),
    codeLayers: z.optional(count),
    width: count,
    heads: count,
    headDim: count.check(z.multipleOf(2)),
    ffn: count,
    contextWindow: z.int().check(z.minimum(2)),
  })
  .check(
    z.refine(({ registerDepth, depth }) => registerDepth <= depth, {
      path: ['registerDepth'],
      error: 'There are no more layers than `depth`',
    }),
    z.refine(({ slidingWindow, registerDepth, depth }) => !slidingWindow || registerDepth < depth, {
      path: ['slidingWindow'],
      error: 'Without EARN (`registerDepth` = `depth`) all layers see the whole history',
    }),
    z.refine((shape) => firstCodeLayer(shape) >= firstLocalLayer(shape), {
      path: ['codeLayers'],
      error: 'With `registerDepth` below `depth`, codes enter after layer `registerDepth`',
    }),
  );

const memoryWeights = z.array(z.number().check(z.nonnegative())).check(z.minLength(1));

/** `MemoryOptions` and `AffinityOptions` say what each is. */
const memory = z.strictObject({
  /** The transitions as one file, in pieces. */
  shards: z.optional(pieces),
  /** Or in many, of which these are the SHA-256, 32 bytes each: `StoredTransitions`. */
  rows: z.optional(pieces),
  newest: count,
  decay: z.number().check(z.positive(), z.maximum(1)),
  smoothing: z.number().check(z.positive()),
  weights: memoryWeights,
  affinities: z.optional(
    z.strictObject({
      shards: pieces,
      newest: count,
      decay: z.number().check(z.positive(), z.maximum(1)),
      weights: memoryWeights,
    }),
  ),
});

/** What a model of a large catalogue has instead of `catalogue`, `semanticIds` and `itemTable`. */
const large = z.strictObject({
  /** Codes per item: `CodedTable`. */
  stages: count,
  codes: pieces,
  codeVectors: pieces,
  /** `HashedIds` */
  ids: pieces,
  twins: z.record(z.string(), z.int()),
  /** uint32 [items]: interactions that the model was trained on. */
  counts: pieces,
  /** `Postings`; the names are a JSON array. */
  categories: z.strictObject({ names: file, items: pieces }),
  /** Of the files that `ItemShards` reads, the SHA-256, 32 bytes each. */
  items: pieces,
  /** The same for `WordIndex`. */
  words: pieces,
});

/** What a model has, unless it has `large`. */
interface Listed {
  large?: unknown;
  catalogue?: unknown;
  semanticIds?: unknown;
  itemTable?: unknown;
  graphs: { score?: unknown; decode?: unknown };
}

function unlessLarge(path: string[], part: (of: Listed) => unknown) {
  return z.refine<Listed>((each) => !part(each) === !!each.large, {
    path,
    error: 'A model has either this or `large`',
  });
}

/** What the demo page says of the catalogue. It is in none of the ids: it changes no state and no list. */
export const pageSchema = z.strictObject({
  /** @default `What to take next` */
  heading: z.optional(z.string().check(z.minLength(1), z.maxLength(80))),
  /** What visitors should know, such as the age of the catalogue. */
  note: z.optional(z.string().check(z.maxLength(300))),
  /** Of links and buttons. */
  colour: z.optional(z.string().check(z.regex(/^#[0-9a-f]{6}$/i))),
  /** Origins that pictures of items may come from (the items' `image`). @default the service's own alone */
  images: z.optional(z.array(z.string().check(z.regex(/^https:\/\/[\w.-]+(:\d+)?$/))).check(z.maxLength(10))),
  /** Histories to start from: ids, oldest first. @default the favourites of the largest categories */
  examples: z.optional(
    z
      .array(
        z.strictObject({
          name: z.string().check(z.minLength(1), z.maxLength(40)),
          items: z.array(z.string()).check(z.minLength(1), z.maxLength(50)),
        }),
      )
      .check(z.maxLength(12)),
  ),
});
export type PageWords = z.infer<typeof pageSchema>;

/** `WordVectors` says what each is. */
const words = z.strictObject({
  /** JSON array of words and their rarities. */
  vocabulary: file,
  /** An int8 item table: one vector per word, and the one that all items have. */
  vectors: pieces,
  length: z.number().check(z.positive()),
  /** How strongly new items follow what they are like: `Borrowed`. @default not at all */
  followed: z.optional(z.number().check(z.nonnegative())),
});

/** `EventMeaning` says what each is. */
const names = z.array(z.string().check(z.minLength(1)));
const events = z.strictObject({
  types: names.check(z.minLength(1)),
  target: z.nullable(z.string()),
  hide: z.nullable(names),
  remove: names,
  forbid: names,
  /** float32, [types + 1] rows of vectors, of targets, of codes: `EventTypes`. */
  table: file,
});

const manifest = z
  .strictObject({
    format: z.literal(MANIFEST_FORMAT),
    /** Hash of the whole model. */
    id: hash,
    /** Hash of what a user's state depends on: as long as it stays the same, stored states stay valid. */
    stateId: hash,
    /**
     * SHA-256 of everything else in here: an id of before can't stand over other weights. Models from before
     * there was one have none.
     */
    digest: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
    /** Hash of the items' ids, titles, categories and counts. */
    catalogueId: hash,
    /** What the model was trained on, for people. */
    name: z.string(),
    /** What one of the items is called where people read of it, in the singular: film, product, song. */
    noun: z._default(z.string().check(z.minLength(1)), 'item'),
    page: z.optional(pageSchema),
    precision: z.enum(PRECISIONS),
    config,
    /** The best one on validation, used unless a request names another. */
    ranker: z.enum([...RANKERS, 'counts']),
    /**
     * Whether lists hold items that the user has had, unless a request says otherwise. Chosen on validation:
     * in some shops people buy the same again, in others never.
     */
    includeSeen: z._default(z.boolean(), false),
    /** How the model was trained and what it reached on validation, as the training wrote it. */
    training: z.looseObject({ seed: z.number() }),
    /** Whether weights and counts were fitted to validation items too, once these had chosen the rest. */
    refit: z.optional(z.literal(true)),
    validation: z.looseObject({ parameters: z.number() }),
    graphs: z.strictObject({ prefill: file, score: z.optional(file), decode: z.optional(file) }),
    /**
     * What WebGPU runs instead, over the same weights. `score` stays in WASM: it is one row's product, which
     * takes less time than the way to the GPU and back.
     */
    webgpu: z.strictObject({ prefill: file, decode: z.optional(file) }),
    /** The constants of `prefill` and `decode`. */
    shards: pieces,
    /** JSON array of `CatalogueItem`, in the order of the item indices. */
    catalogue: z.optional(file),
    /** uint16 little-endian [items x levels]: the trie. */
    semanticIds: z.optional(file),
    /** Every item's vector (`itemTableLayout`): the constants of `score`, and what histories are made of. */
    itemTable: z.optional(pieces),
    large: z.optional(large),
    /**
     * What followed what in the training data (`memory/layout.ts`), and how it counts. A model may have none.
     */
    memory: z.optional(memory),
    /** Vectors of words, for items that come after the training. A model may have none. */
    words: z.optional(words),
    /** The types of events that the model tells apart. Without it every event is its item. */
    events: z.optional(events),
  })
  .check(
    z.refine(({ ranker, memory }) => ranker !== 'counts' || memory !== undefined, {
      path: ['ranker'],
      error: 'counts needs a memory',
    }),
    z.refine(
      ({ semanticIds, config }) => !semanticIds || semanticIds.bytes === 2 * config.items * config.levels,
      { path: ['semanticIds', 'bytes'], error: 'Not the size that `config` asks for' },
    ),
    z.refine(
      ({ itemTable, config, precision }) =>
        !itemTable || sizeOf(itemTable) === itemTableLayout(config, precision).bytes,
      { path: ['itemTable'], error: 'Not the size that `config` asks for' },
    ),
    unlessLarge(['catalogue'], ({ catalogue }) => catalogue),
    unlessLarge(['semanticIds'], ({ semanticIds }) => semanticIds),
    unlessLarge(['itemTable'], ({ itemTable }) => itemTable),
    unlessLarge(['graphs', 'score'], ({ graphs }) => graphs.score),
    unlessLarge(['graphs', 'decode'], ({ graphs }) => graphs.decode),
    z.refine(({ memory, large }) => !memory || (!memory.rows === !large && !memory.shards === !!large), {
      path: ['memory'],
      error: '`rows` belong to `large`, `shards` to every other model',
    }),
  );
export type Manifest = z.infer<typeof manifest>;

/** The graphs that a backend runs. */
export function graphsFor(
  backend: Backend,
  { graphs, webgpu }: Manifest,
): Partial<Record<GraphName, ModelFile>> & Pick<Manifest['graphs'], 'prefill'> {
  return backend === 'webgpu' ? { ...graphs, ...webgpu } : graphs;
}

/** Every file that the manifest names and that these backends read. */
export function filesOf(manifest: Manifest, backends: readonly Backend[] = BACKENDS): ModelFile[] {
  const { shards, catalogue, semanticIds, itemTable = [], large, memory, words, events } = manifest;
  const graphs = new Set(backends.flatMap((backend) => Object.values(graphsFor(backend, manifest))));
  return [
    ...graphs,
    ...shards,
    ...(catalogue ? [catalogue] : []),
    ...(semanticIds ? [semanticIds] : []),
    ...itemTable,
    ...(large ? filesOfLarge(large) : []),
    ...(memory?.shards ?? memory?.rows ?? []),
    ...(memory?.affinities?.shards ?? []),
    ...(words ? [words.vocabulary, ...words.vectors] : []),
    ...(events ? [events.table] : []),
  ];
}

function filesOfLarge({ codes, codeVectors, ids, counts, categories, items, words }: z.infer<typeof large>) {
  return [codes, codeVectors, ids, counts, categories.items, items, words].flat().concat(categories.names);
}

/**
 * Throws ModelUnavailable: `manifest_version` for another format, `manifest_damaged` for all else that is
 * wrong.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ModelUnavailable('manifest_damaged', `${MANIFEST_FILE} is not JSON`);
  }
  const { format } = valid(z.object({ format: z.int() }), json);
  if (format !== MANIFEST_FORMAT) {
    const reason = `${MANIFEST_FILE} has format ${format}, this engine reads ${MANIFEST_FORMAT}`;
    throw new ModelUnavailable('manifest_version', reason);
  }
  return valid(manifest, json);
}

/** Throws an Error that names the place at fault. */
export function parsePage(bytes: Uint8Array): PageWords {
  const { data, error } = z.safeParse(pageSchema, JSON.parse(new TextDecoder().decode(bytes)), ENGLISH);
  if (error === undefined) return data;
  const [{ path, message }] = error.issues;
  throw new Error(path.length > 0 ? `${toDotPath(path)}: ${message}` : message);
}

function valid<T>(schema: z.ZodMiniType<T>, json: unknown): T {
  const { data, error } = z.safeParse(schema, json, ENGLISH);
  if (error === undefined) return data;
  const [{ path, message }] = error.issues;
  const place = path.length > 0 ? `${toDotPath(path)}: ` : '';
  throw new ModelUnavailable('manifest_damaged', `${MANIFEST_FILE}: ${place}${message}`);
}
