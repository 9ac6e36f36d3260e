/**
 * What isolates read of all counts: ids once, and numbers in typed arrays. As small arrays of text and number
 * fifty thousand pairs took a third of an isolate that had served a thousand requests (docs/log.md).
 */

/** Counts as they had decayed when they were published. An id's place among the ids stands for it. */
export interface CountsTable {
  version: number;
  ids: readonly string[];
  /** How often the first ids were taken in the last day or so; for the others nothing is known. */
  items: Float32Array;
  /** After the id at a place came what stands from `starts[place]` to `starts[place + 1]`. */
  starts: Uint32Array;
  /** Places of ids, of each id the strongest first. */
  successors: Uint32Array;
  weights: Float32Array;
}

/** The same as JSON has it. */
export type PublishedCounts = {
  [Field in keyof CountsTable]: CountsTable[Field] extends ArrayBufferView ? number[] : CountsTable[Field];
};

/** Key in Workers KV. Code from before there were tables reads `counts`. */
export const COUNTS_KEY = 'counts-table';

/** Of one id. */
const MOST_SUCCESSORS = 32;

/** The table of these counts, the heaviest first. They may come from a cursor: each is looked at once. */
export function tableOf(
  version: number,
  items: Iterable<readonly [id: string, weight: number]>,
  pairs: Iterable<readonly [before: string, after: string, weight: number]>,
): PublishedCounts {
  const places = new Map<string, number>();
  const placeOf = (id: string) => {
    const place = places.get(id) ?? places.size;
    places.set(id, place);
    return place;
  };
  const itemWeights: number[] = [];
  for (const [id, weight] of items) itemWeights[placeOf(id)] = rounded(weight);
  const counts: number[] = [];
  const [befores, afters, pairWeights]: number[][] = [[], [], []];
  for (const [before, after, weight] of pairs) {
    const place = placeOf(before);
    counts[place] = (counts[place] ?? 0) + 1;
    if (counts[place] > MOST_SUCCESSORS) continue;
    befores.push(place);
    afters.push(placeOf(after));
    pairWeights.push(rounded(weight));
  }
  const starts = [0];
  for (let place = 0; place < places.size; place++) {
    starts.push(starts[place] + Math.min(MOST_SUCCESSORS, counts[place] ?? 0));
  }
  const next = [...starts];
  const successors = new Array<number>(afters.length);
  const weights = new Array<number>(afters.length);
  for (const [pair, before] of befores.entries()) {
    successors[next[before]] = afters[pair];
    weights[next[before]++] = pairWeights[pair];
  }
  return { version, ids: [...places.keys()], items: itemWeights, starts, successors, weights };
}

/** @throws {TypeError} for anything but a table */
export function readTable(json: unknown): CountsTable {
  const { version, ids, items, starts, successors, weights } = json as PublishedCounts;
  if (starts.length !== ids.length + 1 || successors.length !== weights.length) {
    throw new TypeError('the table of counts is damaged');
  }
  return {
    version,
    ids,
    items: Float32Array.from(items),
    starts: Uint32Array.from(starts),
    successors: Uint32Array.from(successors),
    weights: Float32Array.from(weights),
  };
}

const rounded = (weight: number) => Number(weight.toPrecision(4));
