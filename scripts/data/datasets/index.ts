import type { Dataset } from '../dataset.ts';
import { beauty } from './beauty.ts';
import { csv } from './csv.ts';
import { example } from './example.ts';
import { ml1m } from './ml-1m.ts';
import { mlLatestSmall } from './ml-latest-small.ts';

/** Every dataset that `npm run data` knows, in the order of its usage. */
export const DATASETS: Dataset[] = [ml1m, mlLatestSmall, beauty, example, csv];
