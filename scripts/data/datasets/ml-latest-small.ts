import type { Dataset } from '../dataset.ts';
import { movieLensFile } from '../movielens.ts';

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
  async tables({ from, folder }) {
    return {
      interactions: [await movieLensFile(from, 'ml-latest-small', 'ratings.csv', folder)],
      items: [await movieLensFile(from, 'ml-latest-small', 'movies.csv', folder)],
    };
  },
};
