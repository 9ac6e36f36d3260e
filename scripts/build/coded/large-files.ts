/** The files of a large catalogue: what is in memory, and what is read when a list needs it. */
import { createHash } from 'node:crypto';
import type { CatalogueItem } from '../../../worker/catalogue/item.ts';
import { hashIds } from '../../../worker/catalogue/stored/hashed-ids.ts';
import { itemShards } from '../../../worker/catalogue/stored/item-shards.ts';
import { postingsOf } from '../../../worker/catalogue/stored/postings.ts';
import { wordShards } from '../../../worker/catalogue/stored/word-index.ts';
import type { Manifest, ModelFile } from '../../../worker/models/manifest.ts';
import { ITEM_SHARDS, nameOfShard, WORD_SHARDS } from '../../../worker/models/shards.ts';
import type { CodedItems } from './residual.ts';

interface Writers {
  file(path: string, bytes: Uint8Array): ModelFile;
  pieces(stem: string, bytes: Uint8Array): ModelFile[];
}

/** `items` in the order of the codes. */
export function largeFiles(
  items: readonly CatalogueItem[],
  { stages, file: codes, vectors }: CodedItems,
  { file, pieces }: Writers,
): NonNullable<Manifest['large']> {
  const ids = hashIds(items.map(({ id }) => id));
  const categories = postingsOf(items);
  const bytesOf = ({ buffer }: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>) =>
    new Uint8Array(buffer);
  return {
    stages,
    codes: pieces('codes', codes),
    codeVectors: pieces('code-vectors', bytesOf(vectors)),
    ids: pieces('ids', ids.file),
    twins: ids.twins,
    counts: pieces('counts', bytesOf(Uint32Array.from(items, ({ count }) => count))),
    categories: {
      names: file('categories.json', new TextEncoder().encode(JSON.stringify(categories.names))),
      items: pieces('categories', categories.file),
    },
    items: pieces('item-hashes', addShards(ITEM_SHARDS, itemShards(items), file)),
    words: pieces('word-hashes', addShards(WORD_SHARDS, wordShards(items), file)),
  };
}

/** Adds small files, and returns their SHA-256 side by side. */
export function addShards(
  shards: typeof ITEM_SHARDS,
  files: Iterable<Uint8Array>,
  file: (path: string, bytes: Uint8Array) => unknown,
): Uint8Array {
  const hashes: Buffer[] = [];
  for (const bytes of files) {
    file(nameOfShard(shards, hashes.length), bytes);
    hashes.push(createHash('sha256').update(bytes).digest());
  }
  return Buffer.concat(hashes);
}
