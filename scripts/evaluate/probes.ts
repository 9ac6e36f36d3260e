/** Made-up histories of three items: do lists differ where histories do, and do they follow a category? */
import type { Model } from '../../worker/models/model.ts';
import { randomInts, seededRandom } from '../random.ts';
import { type Lists, servedAfter } from './lists.ts';
import { mean, rounded } from './metrics.ts';

const PROBES = 200;
const ITEMS = 3;
const LISTED = 10;
const SEED = 1;

export interface ProbeResult {
  /** Mean share of the first ten that the lists of two unrelated histories have in common. */
  'overlap@10': number;
  /**
   * Mean share of the first ten that have the one category of the history. Null without a suitable category.
   */
  'category@10': number | null;
}

/** The answer of each ranker or yardstick that makes `lists`. */
export async function probe(lists: Lists, model: Model): Promise<Map<string, ProbeResult>> {
  const random = seededRandom(SEED);
  const firstTen = async (history: number[]) => {
    const items = Int32Array.from(history);
    const found = await lists(items, servedAfter(items, model));
    return new Map([...found].map(([name, list]) => [name, list.slice(0, LISTED)]));
  };
  const pool = trainedItems(model);
  const shared: Map<string, number>[] = [];
  for (let pair = 0; pair < PROBES; pair++) {
    const drawn = sample(pool, 2 * ITEMS, random);
    const [a, b] = [await firstTen(drawn.slice(0, ITEMS)), await firstTen(drawn.slice(ITEMS))];
    shared.push(mapValues(a, (list, name) => list.filter((item) => b.get(name)!.includes(item)).length));
  }
  const categories = askableCategories(model, pool);
  const followed: Map<string, number>[] = [];
  for (let each = 0; each < PROBES && categories.length > 0; each++) {
    const items = categories[Math.floor(random() * categories.length)];
    const found = await firstTen(sample(items, ITEMS, random));
    followed.push(mapValues(found, (list) => list.filter((item) => items.includes(item)).length));
  }
  const share = (counts: Map<string, number>[], name: string) =>
    rounded(mean(counts.map((count) => count.get(name)! / LISTED)));
  return mapValues(shared[0], (_, name) => ({
    'overlap@10': share(shared, name),
    'category@10': followed.length > 0 ? share(followed, name) : null,
  }));
}

function trainedItems({ catalogue }: Model): number[] {
  return [...Array(catalogue.size).keys()].filter((item) => catalogue.countOf(item) > 0);
}

/** The trained items of each category that can fill a list and holds at most half of them. */
function askableCategories({ catalogue }: Model, pool: number[]): number[][] {
  const trained = new Set(pool);
  return catalogue
    .largestCategories()
    .map(({ name }) => [...catalogue.categories.get(name)!].filter((item) => trained.has(item)))
    .filter((items) => items.length >= ITEMS + LISTED && items.length <= pool.length / 2);
}

/** So many different values. */
function sample(values: readonly number[], count: number, random: () => number): number[] {
  const drawn = new Set<number>();
  while (drawn.size < Math.min(count, values.length))
    drawn.add(values[randomInts(random, 1, values.length)[0]]);
  return [...drawn];
}

function mapValues<V, W>(map: Map<string, V>, of: (value: V, name: string) => W): Map<string, W> {
  return new Map([...map].map(([name, value]) => [name, of(value, name)]));
}
