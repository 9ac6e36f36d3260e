import { Catalogue } from '../catalogue.ts';
import type { Dataset } from '../dataset.ts';
import { checkNumber, parseTimestamp } from '../fields.ts';
import { Interactions } from '../interactions.ts';
import { movieLensFile } from '../movielens.ts';
import { splitRows } from '../rows.ts';
import type { Source } from '../source.ts';

/**
 * MovieLens-1M as GroupLens publishes it: `ratings.dat` (`user::movie::rating::unixtime`) and `movies.dat`
 * (`id::title::Genre|Genre`), latin-1. Every rating is an interaction whatever its value, and all listed
 * movies are kept, also the unrated ones.
 * @see https://files.grouplens.org/datasets/movielens/ml-1m-README.txt
 */
export const ml1m: Dataset = {
  name: 'ml-1m',
  description: "MovieLens-1M: downloads GroupLens' ml-1m.zip, or takes --from, a zip or an unpacked folder",
  // The md5 is the one in GroupLens' own ml-1m.zip.md5, beside the zip.
  downloads: [
    {
      url: 'https://files.grouplens.org/datasets/movielens/ml-1m.zip',
      md5: 'c4d9eecfca2ab87c1945afe126590906',
    },
  ],
  async read({ from, allowUnlisted }) {
    const [ratings, movies] = [
      await movieLensFile(from, 'ml-1m', 'ratings.dat'),
      await movieLensFile(from, 'ml-1m', 'movies.dat'),
    ];
    const log = new Interactions(await readMovies(movies), ratings.file, allowUnlisted);
    for await (const { line, fields } of splitRows(ratings, '::', 4, 'latin1')) {
      const place = { file: log.file, line };
      const [user, movie, rating, time] = fields;
      checkNumber(rating, place, 'rating');
      log.add(user, movie, parseTimestamp(time, place, 'timestamp'), place);
    }
    return log;
  },
};

async function readMovies(source: Source): Promise<Catalogue> {
  const catalogue = new Catalogue();
  for await (const { line, fields } of splitRows(source, '::', 3, 'latin1')) {
    const [id, title, genres] = fields;
    catalogue.add({ id, title, categories: genres.split('|') }, { file: source.file, line });
  }
  return catalogue;
}
