/**
 * `npm run bench:search`: time and memory of the search over titles, at several sizes of the catalogue,
 * beside an inverted index (MiniSearch) that finds about the same.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import MiniSearch from 'minisearch';
import type { CatalogueItem } from '../../worker/catalogue/item.ts';
import { ItemSearch } from '../../worker/catalogue/item-search.ts';
import { defineCommand, runCommand } from '../command.ts';
import { seededRandom } from '../random.ts';
import { median, round } from './statistics.ts';

const QUERIES = ['star', 'star wars', 'starwars', 'horror', 'casablnca', 'the king 2', 'zzzz'];

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Titles whose halves are those of two items each. */
function catalogueOf(size: number, items: readonly CatalogueItem[]): CatalogueItem[] {
  const random = seededRandom(1);
  const any = () => items[Math.floor(random() * items.length)];
  return Array.from({ length: size }, (_, index) => {
    if (index < items.length) return items[index];
    const [first, last] = [any().title.split(' '), any().title.split(' ')];
    const title = [...first.slice(0, 3), ...last.slice(-3)].join(' ');
    return { ...any(), id: `more-${index}`, title };
  });
}

type Find = (query: string) => unknown[];

const ENGINES: Record<string, (items: CatalogueItem[]) => Find> = {
  search: (items) => {
    const search = new ItemSearch(items);
    return (query) => search.find(query);
  },
  minisearch: (items) => {
    const search = new MiniSearch<CatalogueItem>({
      fields: ['title', 'categories'],
      extractField: (item, name) => (name === 'categories' ? item.categories.join(' ') : item[name as 'id']),
      searchOptions: { prefix: true, fuzzy: (word) => word.length > 3 && 0.2, combineWith: 'AND' },
    });
    search.addAll(items);
    return (query) => search.search(query);
  },
};

function measure(engine: string, items: CatalogueItem[], rounds: number) {
  collect();
  const before = process.memoryUsage().heapUsed;
  const start = performance.now();
  const find = ENGINES[engine](items);
  const build_ms = performance.now() - start;
  collect();
  const mb = (process.memoryUsage().heapUsed - before) / 1e6;
  const ms = QUERIES.map((query) => {
    const times = Array.from({ length: rounds }, () => {
      const start = performance.now();
      find(query);
      return performance.now() - start;
    });
    return [query, round(median(times), 1)];
  });
  return {
    engine,
    items: items.length,
    build_ms: round(build_ms, 0),
    mb: round(mb, 1),
    ...Object.fromEntries(ms),
  };
}

const command = defineCommand({
  usage: `npm run bench:search [-- options]

Measures the search over titles and categories beside MiniSearch: milliseconds to build and per query (median),
and MB of memory. Titles beyond those of the embedded model are made of parts of them. The last line printed
is a JSON object.`,
  options: {
    rounds: { type: 'integer', min: 1, default: 9, description: 'times that each query is asked' },
  },
  main({ rounds }, { command, print }) {
    const known: CatalogueItem[] = JSON.parse(readFileSync('model-shards/catalogue.json', 'utf8'));
    const sizes = [known.length, 20_000, 100_000];
    const results = sizes.flatMap((size) => {
      const items = catalogueOf(size, known);
      return Object.keys(ENGINES).map((engine) => measure(engine, items, rounds));
    });
    new console.Console(process.stderr).table(results);
    print(JSON.stringify({ command, results }));
  },
});

if (import.meta.main) await runCommand(command);
