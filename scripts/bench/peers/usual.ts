/**
 * The usual beam loop around such a graph (`usual-graph.ts`): a batch row a beam, each with a cache of its
 * own.
 */

import type { ModelConfig } from '../../../worker/engine/config.ts';
import type { ItemMask, Ranked } from '../../../worker/engine/ranking.ts';
import { type Feeds, type Session, Tensor } from '../../../worker/engine/runtime.ts';
import type { Trie } from '../../../worker/engine/trie.ts';

/**
 * What a run gives: the last tokens' logits [batch x codes], and keys and values by name, [batch x tokens x
 * D].
 */
export interface Step {
  batch: number;
  tokens: number;
  logits: Float32Array;
  cache: Map<string, Float32Array>;
}

/**
 * What the beams add in one step: each the row of the step before that it goes on from, and its new token.
 */
export interface Chosen {
  parents: number[];
  tokens: number[];
}

interface Beam {
  /** Trie node so far; at the end the item. */
  node: number;
  score: number;
  parent: number;
  code: number;
}

export class UsualDecoder {
  private readonly session: Session;
  private readonly config: ModelConfig;
  private readonly trie: Trie;

  constructor(session: Session, config: ModelConfig, trie: Trie) {
    this.session = session;
    this.config = config;
    this.trie = trie;
  }

  /** P, the history and S, once for all beams. */
  prompt(history: readonly number[]): Promise<Step> {
    const { items, levels, codebook } = this.config;
    const prefix = items + levels * codebook;
    const nothing = new Map(this.cacheNames().map((name) => [name, new Float32Array()]));
    return this.run([prefix, ...history, prefix + 1], { batch: 1, tokens: 0, cache: nothing }, true);
  }

  /**
   * The step after `before`: its cache is taken along, a copy for each beam. Nothing follows the `last` one,
   * which leaves its cache.
   */
  step(before: Step, { parents, tokens }: Chosen, last: boolean): Promise<Step> {
    const cache = new Map<string, Float32Array>();
    for (const [name, rows] of before.cache) {
      const size = rows.length / before.batch;
      const copy = new Float32Array(parents.length * size);
      for (const [row, parent] of parents.entries()) {
        copy.set(rows.subarray(parent * size, (parent + 1) * size), row * size);
      }
      cache.set(name, copy);
    }
    return this.run(tokens, { batch: parents.length, tokens: before.tokens, cache }, !last);
  }

  /**
   * The `k` best allowed items, as the engine's own search defines them, but that the beam is not widened for
   * a short list. `took` learns of each step.
   */
  async search(
    prompt: Step,
    { k, beam, allowed }: { k: number; beam: number; allowed: ItemMask },
    took?: (chosen: Chosen) => void,
  ): Promise<Ranked[]> {
    const { trie } = this;
    const open = trie.leadingTo(allowed);
    let step = prompt;
    let beams: Beam[] = [{ node: 0, score: 0, parent: 0, code: -1 }];
    for (let level = 0; level < trie.levels; level++) {
      if (level > 0) {
        const tokens = beams.map(({ code }) => this.config.items + code);
        const chosen = { parents: beams.map(({ parent }) => parent), tokens };
        took?.(chosen);
        step = await this.step(step, chosen, level === trie.levels - 1);
      }
      const last = level === trie.levels - 1;
      beams = this.extend(step, beams, level, open[level])
        .sort((a, b) => b.score - a.score || a.node - b.node)
        .slice(0, last ? k : beam);
    }
    return beams.map(({ node, score }) => ({ item: node, score }));
  }

  /** Every beam with every token that the trie and the mask leave it. */
  private extend({ logits }: Step, beams: Beam[], level: number, open: Uint8Array): Beam[] {
    const { levels, codebook } = this.config;
    const vocabulary = levels * codebook;
    const first = level * codebook;
    const extended: Beam[] = [];
    for (const [parent, { node, score }] of beams.entries()) {
      const children = this.trie.children[level].subarray(node * codebook, (node + 1) * codebook);
      const row = logits.slice(parent * vocabulary, (parent + 1) * vocabulary);
      for (let code = 0; code < vocabulary; code++) {
        if (code < first || code >= first + codebook || children[code - first] < 0) row[code] = -Infinity;
      }
      const normalizer = logSumExp(row);
      for (const [at, child] of children.entries()) {
        if (child < 0 || open[child] === 0) continue;
        extended.push({ node: child, score: score + row[first + at] - normalizer, parent, code: first + at });
      }
    }
    return extended;
  }

  private async run(
    ids: number[],
    past: Pick<Step, 'batch' | 'tokens' | 'cache'>,
    keep: boolean,
  ): Promise<Step> {
    const { batch, cache } = past;
    const fresh = ids.length / batch;
    const tokens = past.tokens + fresh;
    const positions = BigInt64Array.from(ids, (_, i) => BigInt(past.tokens + (i % fresh)));
    const feeds: Feeds = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [batch, fresh]),
      attention_mask: new Tensor('int64', new BigInt64Array(batch * tokens).fill(1n), [batch, tokens]),
      position_ids: new Tensor('int64', positions, [batch, fresh]),
    };
    for (const [name, rows] of cache) {
      const dims = [batch, past.tokens, this.config.headDim];
      feeds[`past_key_values.${name}`] = new Tensor('float32', rows, dims);
    }
    const kept = keep ? this.cacheNames() : [];
    const outputs = await this.session.run(feeds, ['logits', ...kept.map((name) => `present.${name}`)]);
    const data = (name: string) => outputs[name].data as Float32Array;
    const present = new Map(kept.map((name) => [name, data(`present.${name}`)]));
    return { batch, tokens, logits: data('logits'), cache: present };
  }

  private cacheNames(): string[] {
    return Array.from({ length: this.config.depth }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  }
}

function logSumExp(values: Float32Array): number {
  const largest = values.reduce((a, b) => Math.max(a, b));
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
