/** Beam search over semantic IDs: finds the items that a history's state makes most likely. */
import { Best } from './best.ts';
import type { Decoder, HistoryState } from './decoder.ts';
import { type ItemMask, type Ranked, ranked } from './ranking.ts';
import type { Trie } from './trie.ts';

export interface BeamOptions {
  /** How many items to return. */
  k: number;
  /** How many prefixes are kept at each level but the last. */
  beam: number;
  /** Items that may be returned. */
  allowed: ItemMask;
  /**
   * Added to each item's score when the last codes are chosen, [items]; none may be above 0. The hybrid
   * ranker's other half.
   */
  bonus?: Float32Array;
  /** Added to the logits of the codes, [levels * codebook]. */
  shift?: Float32Array;
}

/**
 * At most `k` items, best first, each with its log-probability as the next item (plus the bonus). There are
 * fewer only when no more are allowed: the beam is doubled while the list is too short.
 *
 * Probabilities are a softmax over the codes that the trie has, so those of the whole catalogue sum to one,
 * whatever is allowed. Prefixes without an allowed item are not followed. With a beam as wide as the
 * catalogue the result is exact. Otherwise an item is missed when its prefix is not among the `beam` best
 * ones that lead to an allowed item.
 */
export async function beamSearch(
  decoder: Decoder,
  trie: Trie,
  state: HistoryState,
  options: BeamOptions,
): Promise<Ranked[]> {
  const open = trie.leadingTo(options.allowed);
  for (let beam = options.beam; ; beam *= 2) {
    const widened = { ...options, beam };
    const found = await search(decoder, trie, state, widened, open);
    if (found.ranked.length >= options.k || found.complete) return found.ranked;
  }
}

/**
 * One search. `open[level]` masks the trie's nodes that lead to allowed items. `complete`: no prefix was cut,
 * so a wider beam would find nothing more.
 */
async function search(
  decoder: Decoder,
  trie: Trie,
  state: HistoryState,
  { k, beam, bonus, shift }: BeamOptions,
  open: Uint8Array[],
): Promise<{ ranked: Ranked[]; complete: boolean }> {
  const last = trie.levels - 1;
  let complete = true;
  let earlier = new Float32Array();
  let rowCount = 0;
  /** For each beam, its own rows of `earlier`. */
  let ancestors: number[][] = [[]];
  let beams = new Best(1);
  beams.offer(0, 0);
  let logits = state.codeLogits;
  for (let level = 0; level <= last; level++) {
    if (level > 0) {
      const codes = beams.origins.slice(0, beams.count).map((origin) => origin % trie.codebook);
      const step = await decoder.decode(state, { codes, level: level - 1, ancestors, earlier });
      logits = step.logits;
      if (level < last) {
        ancestors = ancestors.map((rows, beam) => [...rows, rowCount + beam]);
        rowCount += beams.count;
        earlier = concat(earlier, step.keyValues);
      }
    }
    if (shift) logits = shifted(logits, shift.subarray(level * trie.codebook, (level + 1) * trie.codebook));
    const next = new Best(level < last ? beam : k);
    const found = expand(trie, level, beams, logits, open[level], level === last ? bonus : undefined, next);
    if (level < last && found > beam) complete = false;
    const parents = Array.from({ length: next.count }, (_, i) => Math.floor(next.origins[i] / trie.codebook));
    ancestors = parents.map((parent) => ancestors[parent]);
    beams = next;
    if (beams.count === 0) break;
  }
  return { ranked: ranked(beams), complete };
}

/**
 * Offers every open continuation of every beam to `next`, with its log-probability (plus the bonus). The ids
 * in `next` are the trie's next nodes, the origins beam * codebook + code. `logits` are [beams x codebook].
 * Returns how many continuations there are; at the last level, beams whose items can't be among the best any
 * more are left out.
 */
function expand(
  trie: Trie,
  level: number,
  beams: Best,
  logits: Float32Array,
  open: Uint8Array,
  bonus: Float32Array | undefined,
  next: Best,
): number {
  const { codebook } = trie;
  const children = trie.children[level];
  let found = 0;
  for (let beam = 0; beam < beams.count; beam++) {
    // Neither codes nor a bonus raise a score.
    if (level === trie.levels - 1 && beams.scores[beam] < next.worst) break;
    const node = beams.ids[beam];
    const row = logits.subarray(beam * codebook, (beam + 1) * codebook);
    const below = children.subarray(node * codebook, (node + 1) * codebook);
    const base = beams.scores[beam] - logSumExp(row, below);
    for (let code = 0; code < codebook; code++) {
      const child = below[code];
      if (child < 0 || open[child] === 0) continue;
      found++;
      next.offer(child, base + row[code] + (bonus ? bonus[child] : 0), beam * codebook + code);
    }
  }
  return found;
}

/** Rows of logits, [beams x codebook], with the same added to each. */
function shifted(logits: Float32Array, added: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(logits, (logit, at) => logit + added[at % added.length]);
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
