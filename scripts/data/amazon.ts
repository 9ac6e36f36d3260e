/** Amazon review data of 2014, from McAuley's group: reviews are JSON Lines, metadata are Python literals. */
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset } from './dataset.ts';
import { DataError, fail } from './errors.ts';
import type { DataFile } from './files.ts';
import { lines } from './lines.ts';
import { parsePythonLiteral } from './python-literal.ts';

const SITE = 'http://snap.stanford.edu/data/amazon/productGraph/categoryFiles';

/**
 * The 5-core of a category: every user and every item has at least five reviews. Every review is an
 * interaction, whatever its rating. Times are days; S3-Rec and the papers that compare with it keep the
 * file's order within a day, as `--keep-order` does.
 * @see https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html
 */
export function amazonFiveCore(name: string, category: string): Dataset {
  const [reviews, meta] = [`reviews_${category}_5.json.gz`, `meta_${category}.json.gz`];
  return {
    name,
    description:
      `Amazon ${category.replaceAll('_', ' ')}, 5-core of 2014: downloads ${reviews} and ${meta}, ` +
      'or takes --from, a folder with both',
    // The publisher gives no checksums.
    downloads: [{ url: `${SITE}/${reviews}` }, { url: `${SITE}/${meta}` }],
    async tables({ from, folder }) {
      const interactions = [fileIn(from, reviews)];
      const items = fileIn(from, meta);
      const path = join(folder, 'items-read.jsonl');
      await pipeline(metadataLines(items), createWriteStream(path));
      return {
        interactions,
        items: [{ path, shown: items.shown }],
        // Of many more items than have reviews.
        sharedCatalogue: true,
      };
    },
  };
}

function fileIn(folder: string, name: string): DataFile {
  // Browsers unpack some downloads by themselves.
  const path = [join(folder, name), join(folder, name.replace(/\.gz$/, ''))].find(existsSync);
  if (path === undefined) throw new DataError(`${folder}: no ${name} inside`);
  return { path, shown: path };
}

/** Title, brand and categories by item, as JSON. */
async function* metadataLines({ path, shown }: DataFile): AsyncGenerator<string> {
  for await (const { line, text } of lines(path)) {
    const { asin, title, brand, categories } = (parsePythonLiteral(text) ?? {}) as Record<string, unknown>;
    if (typeof asin !== 'string') {
      fail({ file: shown, line }, 'asin', 'expected a Python literal, a dict with an asin');
    }
    yield `${JSON.stringify({ asin, title, categories, brand })}\n`;
  }
}
