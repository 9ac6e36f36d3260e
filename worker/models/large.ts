/** The items of a large catalogue: codes in memory, the rest in files. */
import { HashedIds } from '../catalogue/stored/hashed-ids.ts';
import { ItemShards } from '../catalogue/stored/item-shards.ts';
import { Postings } from '../catalogue/stored/postings.ts';
import { StoredCatalogue } from '../catalogue/stored/stored-catalogue.ts';
import { WordIndex } from '../catalogue/stored/word-index.ts';
import { CodedTable } from '../engine/coded-table.ts';
import type { ModelConfig } from '../engine/config.ts';
import { proper } from './damaged.ts';
import { type AssetSource, readPieces, readVerified } from './files.ts';
import type { Manifest } from './manifest.ts';
import { countOf, ITEM_SHARDS, shardReader, WORD_SHARDS } from './shards.ts';

/** Throws ModelUnavailable when a file is missing, damaged or of another size. */
export async function loadLarge(
  source: AssetSource,
  { stages, twins, ...files }: NonNullable<Manifest['large']>,
  { items, width }: ModelConfig,
) {
  const codes = await readPieces(source, files.codes);
  const vectors = await readPieces(source, files.codeVectors);
  const ids = await readPieces(source, files.ids);
  const counts = await readPieces(source, files.counts);
  const names: string[] = JSON.parse(
    new TextDecoder().decode(await readVerified(source, files.categories.names)),
  );
  const postings = await readPieces(source, files.categories.items);
  const readItems = shardReader(source, ITEM_SHARDS, await readPieces(source, files.items));
  const readWords = shardReader(source, WORD_SHARDS, await readPieces(source, files.words));
  return proper(() => {
    const table = new CodedTable(codes, new Float32Array(vectors.buffer), { items, width, stages });
    const catalogue = new StoredCatalogue({
      ids: new HashedIds(ids, items, twins),
      counts: new Uint32Array(counts.buffer, 0, items),
      categories: new Postings(names, postings),
      shards: new ItemShards(readItems),
      words: new WordIndex(countOf(files.words), readWords),
    });
    return { catalogue, table, coded: { table, added: [] } };
  });
}
