/** Trie-constrained beam search: the list of items that a history's state makes most likely. */
import type { Decoder, HistoryState, Scores } from './decoder.ts';
import type { ItemMask, Ranked } from './ranking.ts';
import type { Trie } from './trie.ts';

export interface SearchOptions {
  /** How many items to return. */
  k: number;
  /** Prefixes kept at each level but the last. */
  beam: number;
  /** Items that may be returned; the others take no place in the list. */
  allowed: ItemMask;
  /** What each item's score is raised by when the last codes are chosen, [items]: the hybrid's other half. */
  bonus?: Float32Array;
}

interface Beam {
  /** Trie node after this many codes; at the last level the item. */
  node: number;
  /** The newest code. */
  code: number;
  score: number;
  /** Rows of the former decode steps that belong to this beam. */
  rows: number[];
}

/**
 * At most `k` items, best first, with their log-probabilities as the next one (and the bonus); fewer only when no more are
 * allowed. Probabilities are a softmax over the codes that the trie has, so those of the whole catalogue sum to one,
 * whatever is allowed. Prefixes without an allowed item are not followed, and the beam is doubled while the list is too
 * short. With a beam as wide as the catalogue the result is exact; otherwise an item is missed when its prefix is not
 * among the `beam` best that lead to an allowed item.
 */
export async function beamSearch(
  decoder: Decoder,
  trie: Trie,
  state: HistoryState,
  codeLogits: Scores['codeLogits'],
  options: SearchOptions,
): Promise<Ranked[]> {
  const open = trie.leadingTo(options.allowed);
  for (let beam = options.beam; ; beam *= 2) {
    const widened = { ...options, beam };
    const { ranked, complete } = await search(decoder, trie, state, codeLogits, widened, open);
    if (ranked.length >= options.k || complete) return ranked;
  }
}

/** One search; `open[level]` masks the trie's nodes that lead to allowed items. `complete` says that no prefix was cut, so that a wider one would find nothing more. */
async function search(
  decoder: Decoder,
  trie: Trie,
  state: HistoryState,
  codeLogits: Float32Array,
  { k, beam, bonus }: SearchOptions,
  open: Uint8Array[],
): Promise<{ ranked: Ranked[]; complete: boolean }> {
  const last = trie.levels - 1;
  let complete = true;
  let earlier = new Float32Array();
  let rowCount = 0;
  let beams: Beam[] = [{ node: 0, code: -1, score: 0, rows: [] }];
  let logits = codeLogits;
  for (let level = 0; level <= last; level++) {
    if (level > 0) {
      const codes = Int32Array.from(beams, ({ code }) => code);
      const ancestors = beams.map(({ rows }) => rows);
      const step = await decoder.decode(state, { codes, level: level - 1, ancestors, earlier });
      logits = step.logits;
      if (level < last) {
        for (const [index, each] of beams.entries()) each.rows = [...each.rows, rowCount + index];
        rowCount += beams.length;
        earlier = concat(earlier, step.keyValues);
      }
    }
    const candidates = expand(trie, level, beams, logits, open[level]);
    if (level === last && bonus) for (const each of candidates) each.score += bonus[each.node];
    candidates.sort((a, b) => b.score - a.score || a.node - b.node);
    const width = level < last ? beam : k;
    if (level < last && candidates.length > width) complete = false;
    beams = candidates.slice(0, width);
    if (beams.length === 0) break;
  }
  return { ranked: beams.map(({ node, score }) => ({ item: node, score })), complete };
}

/** Every open continuation of every beam, with its log-probability. `logits` [beams x codebook]. */
function expand(trie: Trie, level: number, beams: Beam[], logits: Float32Array, open: Uint8Array): Beam[] {
  const { codebook } = trie;
  const children = trie.children[level];
  const candidates: Beam[] = [];
  for (const [index, { node, score, rows }] of beams.entries()) {
    const row = logits.subarray(index * codebook, (index + 1) * codebook);
    const below = children.subarray(node * codebook, (node + 1) * codebook);
    const normalizer = logSumExp(row, below);
    for (let code = 0; code < codebook; code++) {
      const child = below[code];
      if (child < 0 || open[child] === 0) continue;
      candidates.push({ node: child, code, score: score + row[code] - normalizer, rows });
    }
  }
  return candidates;
}

/** log of the sum of exp(logits) over the codes that exist (`below` >= 0). */
function logSumExp(logits: Float32Array, below: Int32Array): number {
  let largest = -Infinity;
  for (let code = 0; code < logits.length; code++) {
    if (below[code] >= 0 && logits[code] > largest) largest = logits[code];
  }
  let sum = 0;
  for (let code = 0; code < logits.length; code++) {
    if (below[code] >= 0) sum += Math.exp(logits[code] - largest);
  }
  return largest + Math.log(sum);
}

function concat(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const result = new Float32Array(a.length + b.length);
  result.set(a);
  result.set(b, a.length);
  return result;
}
