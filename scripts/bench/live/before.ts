/** The whole Worker of this checkout against another one's, in turns. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { randomInts, seededRandom, shuffled } from '../../random.ts';
import { ROOT } from '../../serving.ts';
import type { Isolate } from '../growth/isolate.ts';
import { itemIdsOf, readManifestOf } from '../models.ts';
import { median, ratioInterval, round } from '../statistics.ts';
import { wholeWorker } from '../whole-worker.ts';
import { cost } from '../workerd.ts';
import type { BeforeCosts } from './tables.ts';

const HISTORY = 200;
const FRESH = 3;
/** Users whose requests, one after the other, make one measurement. */
const GROUP = 5;
/** Rounds that only warm up. */
const WARM_UP = 5;
const SIDES = ['before', 'now'] as const;
const LISTS = ['fresh', 'kept'] as const;

/** `checkout` is the other one's folder. Both serve its model. */
export async function against(checkout: string, rounds: number): Promise<BeforeCosts> {
  const model = join(checkout, 'model-shards');
  const ids = itemIdsOf(model);
  const vars = { ACCESS: 'open' };
  const isolates = {
    before: await wholeWorker(checkout, model, { vars }),
    now: await wholeWorker(ROOT, model, { vars }),
  };
  try {
    const times = await measured(isolates, ids, rounds);
    return {
      commit: git(checkout, 'rev-parse', '--short=7', 'HEAD'),
      model: readManifestOf(model).id,
      costs: LISTS.map((list) => {
        const { before, now } = times[list];
        return {
          list,
          before: round(median(before), 2),
          now: round(median(now), 2),
          ratio: round(median(now) / median(before), 2),
          interval95: ratioInterval(now, before).map((end) => round(end, 2)) as [number, number],
        };
      }),
    };
  } finally {
    await Promise.all(SIDES.map((side) => isolates[side].stop()));
  }
}

type Times = Record<(typeof LISTS)[number], Record<(typeof SIDES)[number], number[]>>;

/** CPU milliseconds of lists: the same users with the same items on both sides. */
async function measured(
  isolates: Record<(typeof SIDES)[number], Isolate>,
  ids: string[],
  rounds: number,
): Promise<Times> {
  const random = seededRandom(1);
  const drawn = (count: number) => randomInts(random, count, ids.length).map((at) => ({ id: ids[at] }));
  const path = (user: number) => `/v1/users/bench-${user}/recommendations`;
  for (let user = 0; user < GROUP; user++) {
    const items = drawn(HISTORY - FRESH);
    for (const side of SIDES) await isolates[side].request(path(user), { items });
  }
  const times: Times = { fresh: { before: [], now: [] }, kept: { before: [], now: [] } };
  for (let at = -WARM_UP; at < rounds; at++) {
    const news = Array.from({ length: GROUP }, () => drawn(FRESH));
    for (const side of shuffled([...SIDES], random)) {
      const total = { fresh: 0, kept: 0 };
      for (const [user, items] of news.entries()) {
        total.fresh += cost((await isolates[side].request(path(user), { items })).time);
        total.kept += cost((await isolates[side].request(path(user))).time);
      }
      if (at >= 0) for (const list of LISTS) times[list][side].push(total[list] / GROUP);
    }
  }
  return times;
}

const git = (cwd: string, ...of: string[]) => execFileSync('git', of, { cwd, encoding: 'utf8' }).trim();
