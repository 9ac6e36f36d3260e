import type { ItemMask } from './ranking.ts';

/** The tree of semantic IDs: which code may follow which, and which item a full path names. */
export class Trie {
  readonly levels: number;
  readonly codebook: number;
  /**
   * children[l][node * codebook + code]: the child's number among the nodes of level l + 1, or at the last
   * level the item. -1: none.
   */
  readonly children: readonly Int32Array[];
  /** nodes[l][item]: the node that the item's first l + 1 codes lead to, for l < levels - 1. */
  private readonly nodes: Int32Array[] = [];

  /**
   * `semanticIds` are [items x levels]. Throws RangeError unless rows are unique and codes are below
   * `codebook`.
   */
  constructor(semanticIds: Uint16Array, levels: number, codebook: number) {
    this.levels = levels;
    this.codebook = codebook;
    const items = semanticIds.length / levels;
    const children: Int32Array[] = [];
    let at = new Int32Array(items);
    let count = 1;
    for (let level = 0; level < levels; level++) {
      const table = new Int32Array(count * codebook).fill(-1);
      const next = new Int32Array(items);
      let made = 0;
      for (let item = 0; item < items; item++) {
        const code = semanticIds[item * levels + level];
        if (code >= codebook) throw new RangeError(`item ${item} has code ${code} of ${codebook}`);
        const edge = at[item] * codebook + code;
        if (level < levels - 1) {
          if (table[edge] < 0) table[edge] = made++;
          next[item] = table[edge];
        } else if (table[edge] < 0) table[edge] = item;
        else throw new RangeError(`items ${table[edge]} and ${item} have the same semantic ID`);
      }
      children.push(table);
      if (level < levels - 1) this.nodes.push(next);
      at = next;
      count = made;
    }
    this.children = children;
  }

  /** For each level, a mask of the nodes (at the last level: of the items) that lead to an allowed item. */
  leadingTo(allowed: ItemMask): Uint8Array[] {
    const masks = this.nodes.map((nodes, level) => {
      const mask = new Uint8Array(this.children[level + 1].length / this.codebook);
      for (let item = 0; item < nodes.length; item++) mask[nodes[item]] |= allowed[item];
      return mask;
    });
    return [...masks, allowed];
  }
}
