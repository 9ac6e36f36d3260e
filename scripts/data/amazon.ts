/** Amazon review data of 2014, from McAuley's group: reviews are JSON Lines, metadata are Python literals. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Catalogue, type ListedItem } from './catalogue.ts';
import type { Dataset } from './dataset.ts';
import { DataError, fail } from './errors.ts';
import { Interactions } from './interactions.ts';
import { parsePythonLiteral } from './python-literal.ts';
import { jsonLines, lines } from './rows.ts';
import { fileSource, type Source } from './source.ts';

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
    async read({ from }) {
      return readReviews(sourceIn(from, reviews), await readMetadata(sourceIn(from, meta)));
    },
  };
}

function sourceIn(folder: string, name: string): Source {
  // Browsers unpack some downloads by themselves.
  const file = [join(folder, name), join(folder, name.replace(/\.gz$/, ''))].find(existsSync);
  if (file === undefined) throw new DataError(`${folder}: no ${name} inside`);
  return fileSource(file);
}

/** Title, brand and categories by item, of many more items than have reviews. */
async function readMetadata(source: Source): Promise<Map<string, ListedItem>> {
  const items = new Map<string, ListedItem>();
  for await (const { line, text } of lines(source)) {
    const place = { file: source.file, line };
    const { asin, title, brand, categories } = (parsePythonLiteral(text) ?? {}) as Record<string, unknown>;
    if (typeof asin !== 'string') fail(place, 'asin', 'expected a Python literal, a dict with an asin');
    // Several paths through the tree of categories, such as [['Beauty', 'Makeup'], ['Beauty', 'Nails']].
    const names = Array.isArray(categories)
      ? categories.flat().filter((name) => typeof name === 'string')
      : [];
    items.set(asin, {
      id: asin,
      ...(typeof title === 'string' && { title }),
      categories: [...new Set(names)],
      ...(typeof brand === 'string' && { extra: { brand } }),
    });
  }
  return items;
}

/** Items stand in the order in which reviews first name them. */
async function readReviews(source: Source, metadata: Map<string, ListedItem>): Promise<Interactions> {
  const catalogue = new Catalogue();
  const log = new Interactions(catalogue, source.file, false);
  for await (const { place, object } of jsonLines(source)) {
    const { reviewerID: user, asin, unixReviewTime: time } = object;
    if (typeof user !== 'string') fail(place, 'reviewerID', 'expected text');
    if (typeof asin !== 'string') fail(place, 'asin', 'expected text');
    if (typeof time !== 'number') fail(place, 'unixReviewTime', 'expected a number');
    if (catalogue.indexOf(asin) === undefined) catalogue.add(metadata.get(asin) ?? { id: asin }, place);
    log.add(user, asin, time, place);
  }
  return log;
}
