import { Catalogue } from '../catalogue.ts';
import type { Dataset } from '../dataset.ts';
import { checkNumber, parseTimestamp } from '../fields.ts';
import { Interactions } from '../interactions.ts';
import { movieLensFile } from '../movielens.ts';
import { columnOf, tableRows } from '../rows.ts';
import type { Source } from '../source.ts';

/**
 * MovieLens' small dataset: `ratings.csv` (`userId,movieId,rating,timestamp`) and `movies.csv`
 * (`movieId,title,genres`), UTF-8. Every rating is an interaction whatever its value, and all listed movies
 * are kept.
 * @see https://files.grouplens.org/datasets/movielens/ml-latest-small-README.html
 */
export const mlLatestSmall: Dataset = {
  name: 'ml-latest-small',
  description:
    "MovieLens' small dataset, 100,000 ratings: downloads GroupLens' ml-latest-small.zip, or takes --from, " +
    'a zip or an unpacked folder',
  // GroupLens replaces this file from time to time and gives no checksum.
  downloads: [{ url: 'https://files.grouplens.org/datasets/movielens/ml-latest-small.zip' }],
  async read({ from, allowUnlisted }) {
    const movies = await movieLensFile(from, 'ml-latest-small', 'movies.csv');
    const ratings = await movieLensFile(from, 'ml-latest-small', 'ratings.csv');
    const log = new Interactions(await readMovies(movies), ratings.file, allowUnlisted);
    for await (const { line, header, fields } of tableRows(ratings)) {
      const place = { file: log.file, line };
      const field = (name: string) => fields[columnOf(header, name, log.file)];
      checkNumber(field('rating'), place, 'rating');
      const time = parseTimestamp(field('timestamp'), place, 'timestamp');
      log.add(field('userId'), field('movieId'), time, place);
    }
    return log;
  },
};

/** What stands in the column of genres when a movie has none. */
const NO_GENRES = '(no genres listed)';

async function readMovies(source: Source): Promise<Catalogue> {
  const catalogue = new Catalogue();
  for await (const { line, header, fields } of tableRows(source)) {
    const field = (name: string) => fields[columnOf(header, name, source.file)];
    const genres = field('genres');
    const categories = genres === NO_GENRES ? [] : genres.split('|');
    catalogue.add({ id: field('movieId'), title: field('title'), categories }, { file: source.file, line });
  }
  return catalogue;
}
