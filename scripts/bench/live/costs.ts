/** Lists of returning users with one live part each, in turn. */
import { Counting } from '../../../worker/live/counts.ts';
import { type PublishedCounts, tableOf } from '../../../worker/live/counts-table.ts';
import { randomInts, seededRandom, shuffled } from '../../random.ts';
import type { Isolate } from '../growth/isolate.ts';
import { median, ratioInterval, round } from '../statistics.ts';
import { cost } from '../workerd.ts';
import type { PartCost } from './tables.ts';

const HISTORY = 200;
const FRESH = 3;
/** Users whose requests, one after the other, make one measurement. */
const GROUP = 5;
/** Rounds that only warm up: V8 first compiles without much care. */
const WARM_UP = 5;
/** Visits that were counted since the training, of so many events each. */
const VISITS = 2000;
const VISIT = 5;

const RULES: Record<string, object> = {
  season: { action: 'boost', factor: 3, filter: { categories: 'Drama' } },
  old: { action: 'bury', factor: 2, filter: { categories: 'Musical' } },
  off: { action: 'hide', filter: { categories: 'Documentary' } },
};

interface Part {
  name: PartCost['part'];
  /** What the request says beside the new items. */
  asks?: object;
}

const PARTS: Part[] = [
  { name: 'none' },
  { name: 'filter', asks: { filter: { not: { categories: 'Horror' } } } },
  { name: 'rules' },
  { name: 'counts' },
  { name: 'diversity', asks: { diversity: 0.3 } },
  { name: 'explain', asks: { explain: true } },
];

const random = seededRandom(1);
const drawn = (ids: string[], count: number) =>
  randomInts(random, count, ids.length).map((at) => ({ id: ids[at] }));
const userOf = (part: string, index: number) => `/v1/users/${part}-${index}/recommendations`;

/** CPU milliseconds of a list with each part, and its ratio to the one with none. */
export async function costs(isolate: Isolate, ids: string[], rounds: number): Promise<PartCost[]> {
  for (const { name } of PARTS) {
    await isolate.do({ do: 'isolate', name, ...(name === 'counts' && { counts: counted(ids) }) });
  }
  for (const [rule, said] of Object.entries(RULES)) {
    await isolate.request(`/v1/rules/${rule}`, said, { method: 'PUT', isolate: 'rules' });
  }
  // The same users with every part, who bring the same items.
  for (let user = 0; user < GROUP; user++) {
    const items = drawn(ids, HISTORY - FRESH);
    for (const { name } of PARTS) await isolate.request(userOf(name, user), { items }, { isolate: name });
  }
  const samples = new Map(PARTS.map(({ name }) => [name, [] as number[]]));
  for (let at = -WARM_UP; at < rounds; at++) {
    const news = Array.from({ length: GROUP }, () => drawn(ids, FRESH));
    for (const { name, asks } of shuffled(PARTS, random)) {
      let total = 0;
      for (const [user, items] of news.entries()) {
        const body = { items, ...asks };
        total += cost((await isolate.request(userOf(name, user), body, { isolate: name })).time);
      }
      if (at >= 0) samples.get(name)!.push(total / GROUP);
    }
  }
  const none = samples.get('none')!;
  return [...samples].map(([part, times]) => ({
    part,
    ms: round(median(times), 2),
    ratio: round(median(times) / median(none), 2),
    interval95: ratioInterval(times, none).map((end) => round(end, 2)) as PartCost['interval95'],
  }));
}

/** What a busy day leaves: the items come up as unevenly as the square of a uniform number. */
function counted(ids: string[]): PublishedCounts {
  const counting = new Counting();
  for (let visit = 0; visit < VISITS; visit++) {
    counting.add(
      Array.from({ length: VISIT }, () => {
        return { item: ids[Math.floor(random() ** 2 * ids.length)], target: true, added: true };
      }),
    );
  }
  const { ids: known, items, before, after, weights } = counting.take();
  const pairs = [...weights.keys()].sort((a, b) => weights[b] - weights[a]);
  return tableOf(
    1,
    known.map((id, at) => [id, items[at]] as const),
    pairs.map((pair) => [known[before[pair]], known[after[pair]], weights[pair]] as const),
  );
}
