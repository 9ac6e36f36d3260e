/**
 * The items of every category in little memory: one to three bytes per item of each. Indices ascend, and what
 * is stored is how far each is from the one before, in groups of 7 bits (LEB128).
 *
 *     starts  uint32 [names + 1]   the bytes of each name begin at starts[name]
 *     sizes   uint32 [names]
 *     bytes   uint8
 */
export class Postings {
  private readonly names: readonly string[];
  private readonly starts: Uint32Array;
  private readonly sizes: Uint32Array;
  private readonly bytes: Uint8Array;

  /**
   * `names` in the order of their UTF-16 units. `file` is not copied. @throws {RangeError} for another size
   */
  constructor(names: readonly string[], file: Uint8Array<ArrayBuffer>) {
    const head = 4 * (2 * names.length + 1);
    if (file.length < head) throw new RangeError(`${names.length} categories, and too short a file of items`);
    this.names = names;
    this.starts = new Uint32Array(file.buffer, file.byteOffset, names.length + 1);
    this.sizes = new Uint32Array(file.buffer, file.byteOffset + this.starts.byteLength, names.length);
    this.bytes = file.subarray(head);
    if (this.bytes.length !== this.starts[names.length])
      throw new RangeError('items of categories are cut off');
  }

  has(name: string): boolean {
    return this.placeOf(name) >= 0;
  }

  /** The items, ascending; none for a name that is not there. */
  *get(name: string): Generator<number> {
    const place = this.placeOf(name);
    if (place < 0) return;
    const { bytes } = this;
    let item = 0;
    for (let at = this.starts[place]; at < this.starts[place + 1]; ) {
      let step = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        step |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
      item += step;
      yield item;
    }
  }

  includes(name: string, wanted: number): boolean {
    for (const item of this.get(name)) if (item >= wanted) return item === wanted;
    return false;
  }

  /** Every name and how many items it has. */
  *entries(): Generator<{ name: string; items: number }> {
    for (const [place, name] of this.names.entries()) yield { name, items: this.sizes[place] };
  }

  private placeOf(name: string): number {
    const { names } = this;
    let [low, high] = [0, names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (names[middle] < name) low = middle + 1;
      else high = middle;
    }
    return names[low] === name ? low : -1;
  }
}

/** Names and file of these items' categories. */
export function postingsOf(items: readonly { categories: readonly string[] }[]) {
  const byName = new Map<string, number[]>();
  for (const [item, { categories }] of items.entries()) {
    for (const name of new Set(categories)) {
      const others = byName.get(name) ?? [];
      byName.set(name, others);
      others.push(item);
    }
  }
  const names = [...byName.keys()].sort((a, b) => (a < b ? -1 : 1));
  const starts = new Uint32Array(names.length + 1);
  const bytes: number[] = [];
  for (const [place, name] of names.entries()) {
    let before = 0;
    for (const item of byName.get(name)!) {
      let step = item - before;
      for (; step >= 0x80; step >>>= 7) bytes.push((step & 0x7f) | 0x80);
      bytes.push(step);
      before = item;
    }
    starts[place + 1] = bytes.length;
  }
  const sizes = Uint32Array.from(names, (name) => byName.get(name)!.length);
  const file = new Uint8Array(starts.byteLength + sizes.byteLength + bytes.length);
  file.set(new Uint8Array(starts.buffer));
  file.set(new Uint8Array(sizes.buffer), starts.byteLength);
  file.set(bytes, starts.byteLength + sizes.byteLength);
  return { names, file };
}
