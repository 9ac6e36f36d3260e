import type { Dataset } from '../dataset.ts';
import type { Dialect } from '../dialect.ts';
import { movieLensFile } from '../movielens.ts';

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
  async tables({ from, folder }) {
    return {
      interactions: [await movieLensFile(from, 'ml-1m', 'ratings.dat', folder)],
      items: [await movieLensFile(from, 'ml-1m', 'movies.dat', folder)],
      layouts: {
        interactions: { dialect: doubleColons('userId', 'movieId', 'rating', 'timestamp') },
        items: { dialect: doubleColons('movieId', 'title', 'genres') },
      },
    };
  },
};

const doubleColons = (...columns: string[]): Dialect => ({
  separator: '::',
  quote: '',
  header: false,
  columns,
  encoding: 'latin-1',
});
