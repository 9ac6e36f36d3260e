/**
 * MovieLens-1M as GroupLens publishes it: `ratings.dat` (`user::movie::rating::unixtime`) and `movies.dat`
 * (`id::title::Genre|Genre`), latin-1. Every rating is an interaction whatever its value, and all listed
 * movies are kept, also the unrated ones.
 * @see https://files.grouplens.org/datasets/movielens/ml-1m-README.txt
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Catalogue } from './catalogue.ts';
import { DataError } from './errors.ts';
import { checkNumber, parseTimestamp } from './fields.ts';
import { Interactions } from './interactions.ts';
import { splitRows } from './rows.ts';
import { fileSource, type Source, zipSource } from './source.ts';

export interface MovieLensFiles {
  ratings: Source;
  movies: Source;
}

/**
 * The two files in a zip or an unpacked folder, at its top or inside `ml-1m/`.
 * @throws {DataError} when one is missing
 */
export async function findMovieLens(from: string): Promise<MovieLensFiles> {
  if (statSync(from).isFile()) {
    return { ratings: await zipSource(from, 'ratings.dat'), movies: await zipSource(from, 'movies.dat') };
  }
  const folder = existsSync(join(from, 'ml-1m')) ? join(from, 'ml-1m') : from;
  const source = (name: string) => {
    const file = join(folder, name);
    if (!existsSync(file)) throw new DataError(`${folder}: no ${name} inside`);
    return fileSource(file);
  };
  return { ratings: source('ratings.dat'), movies: source('movies.dat') };
}

/** @throws {DataError} at the first malformed row */
export async function readMovieLens(files: MovieLensFiles, allowUnlisted: boolean): Promise<Interactions> {
  const log = new Interactions(await readMovies(files.movies), files.ratings.file, allowUnlisted);
  for await (const { line, fields } of splitRows(files.ratings, '::', 4, 'latin1')) {
    const place = { file: log.file, line };
    const [user, movie, rating, time] = fields;
    checkNumber(rating, place, 'rating');
    log.add(user, movie, parseTimestamp(time, place, 'timestamp'), place);
  }
  return log;
}

async function readMovies(source: Source): Promise<Catalogue> {
  const catalogue = new Catalogue();
  for await (const { line, fields } of splitRows(source, '::', 3, 'latin1')) {
    const [id, title, genres] = fields;
    const categories = genres.split('|').filter((name) => name !== '');
    catalogue.add({ id, title, ...(categories.length > 0 && { categories }) }, { file: source.file, line });
  }
  return catalogue;
}
