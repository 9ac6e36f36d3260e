/** What requests cost, with a log of any length and from any distance. */
import { randomInts, seededRandom } from '../../random.ts';
import { median, round } from '../statistics.ts';
import { cost, type Time } from '../workerd.ts';
import type { Isolate } from './isolate.ts';

const HISTORY = 200;
const FRESH = 3;
/** About as many as a state of such a history takes in the store. */
const STATE_BYTES = 42_000;
/** Users whose requests make one sample. */
const GROUP = 10;
/** Requests of a visit, each with new items. */
const VISIT = 5;
/** Items that the users of long logs take in turn: lists must not run dry. */
const DISTINCT = 500;

export interface RequestCosts {
  /**
   * CPU milliseconds of workerd's whole process per request, by its kind, with all that is written after it.
   * `extended`: of a visit of several; `alone`: the only one of a visit. `engine`: prefilling the new items
   * of either on top of a state in memory, and ranking; one at a time, as in a request. `calls`: a request
   * that asks of the user's object and of the store what `alone` asks, and nothing else.
   */
  hit: number;
  extended: number;
  alone: number;
  miss: number;
  batch_list: number;
  append: number;
  item: number;
  engine: number;
  calls: number;
}

type Kind = keyof RequestCosts | 'nothing';

const random = seededRandom(1);
const drawn = (ids: string[], count: number) => randomInts(random, count, ids.length).map((at) => ids[at]);
const bodyOf = (ids: string[]) => ({ items: ids.map((id) => ({ id })) });
const pathOf = (user: string) => `/v1/users/${user}/recommendations`;

/**
 * Kinds of requests in turn, and what the engine takes for the same lists as `extended`. `look` is called
 * after each.
 */
export async function requestCosts(
  isolate: Isolate,
  ids: string[],
  rounds: number,
  look: () => Promise<void> = async () => {},
): Promise<RequestCosts> {
  const users = Array.from({ length: GROUP * (rounds + 1) }, (_, index) => `kept-${index}`);
  const histories = new Map(users.map((user) => [user, drawn(ids, HISTORY)]));
  for (const [user, history] of histories) await isolate.visit(user, history.slice(0, -FRESH));
  await isolate.do({ do: 'prepare', histories: [...histories.values()], fresh: FRESH });
  const returning = each((user: string) => time(isolate, pathOf(user), bodyOf(drawn(ids, FRESH))));
  const settled = () => isolate.settled();
  /** What to ask for a group of users, one after the other. */
  const kinds: Record<Kind, (group: string[], at: number) => (() => Promise<Time>)[]> = {
    extended: (group) => [...Array.from({ length: VISIT }, () => returning(group)).flat(), settled],
    alone: (group) => [...returning(group), settled],
    engine: (group, at) =>
      group.map(
        (_, index) => async () =>
          (await isolate.do({ do: 'engine', from: at + index, to: at + index + 1 })).time,
      ),
    nothing: each(async () => (await isolate.do({ do: 'engine', from: 0, to: 0 })).time),
    calls: each(async (user) => {
      const items = drawn(ids, FRESH);
      return (await isolate.do({ do: 'calls', user: `${user}-calls`, items, bytes: STATE_BYTES })).time;
    }),
    hit: (group) => [...each((user) => time(isolate, `${pathOf(user)}?k=20`))(group), settled],
    append: each((user) => time(isolate, `/v1/users/${user}-more/interactions`, bodyOf(drawn(ids, FRESH)))),
    miss: each((user) => time(isolate, pathOf(`new-${user}`), bodyOf(drawn(ids, HISTORY)))),
    batch_list: (group) => [
      () => {
        const requests = group.map(() => ({ history: drawn(ids, HISTORY) }));
        return time(isolate, '/v1/recommendations:batch', { requests });
      },
    ],
    item: each(() => time(isolate, `/v1/items/${encodeURIComponent(drawn(ids, 1)[0])}`)),
  };
  const samples = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    const at = round * GROUP;
    for (const [kind, ask] of Object.entries(kinds)) {
      let total = 0;
      for (const one of ask(users.slice(at, at + GROUP), at)) total += cost(await one());
      const requests = kind === 'extended' ? GROUP * VISIT : GROUP;
      if (round > 0) samples[kind].push(total / requests); // the first round only warms up
      await look();
    }
  }
  const medians = Object.entries(samples).map(([kind, times]) => [kind, median(times)]);
  const { nothing, ...costs }: Record<Kind, number> = Object.fromEntries(medians);
  costs.engine -= nothing;
  return Object.fromEntries(
    Object.entries(costs).map(([kind, ms]) => [kind, round(ms, 2)]),
  ) as unknown as RequestCosts;
}

/** CPU milliseconds of a request that brings an item and asks for a list, by events in the log. */
export async function logCosts(
  isolate: Isolate,
  ids: string[],
  lengths: number[],
  rounds: number,
): Promise<Map<number, number>> {
  const items = ids.slice(0, DISTINCT);
  for (const events of lengths) {
    const user = `log-${events}`;
    await isolate.do({ do: 'fill', user, items, events });
    await isolate.visit(user, drawn(items, 1));
  }
  const samples = new Map(lengths.map((events) => [events, [] as number[]]));
  for (let at = 0; at <= rounds; at++) {
    for (const [events, times] of samples) {
      let total = 0;
      for (let request = 0; request < GROUP; request++) {
        const path = pathOf(`log-${events}`);
        total += cost(await time(isolate, path, bodyOf(drawn(items, 1))));
        total += cost(await time(isolate, `${path}?offset=${request}`));
      }
      total += cost(await isolate.settled());
      if (at > 0) times.push(total / GROUP / 2);
    }
  }
  return new Map([...samples].map(([events, times]) => [events, round(median(times), 2)]));
}

/** Wall milliseconds of a kept user's list in an isolate that must ask the store, by distance. */
export async function roundTrips(isolate: Isolate, ids: string[], rounds: number) {
  const users = Array.from({ length: rounds + 1 }, (_, index) => `far-${index}`);
  for (const user of users) await isolate.visit(user, drawn(ids, HISTORY));
  const wall = async (log: number, store: number, ask: (user: string) => Promise<Time>) => {
    await isolate.do({ do: 'distance', log, store });
    const times: number[] = [];
    for (const user of users) {
      await isolate.do({ do: 'forget' });
      times.push((await ask(user)).wall);
    }
    await isolate.do({ do: 'distance', log: 0, store: 0 });
    return median(times.slice(1));
  };
  const hit = (user: string) => time(isolate, pathOf(user));
  const extended = (user: string) => time(isolate, pathOf(user), bodyOf(drawn(ids, 1)));
  const reads: number[] = [];
  for (const ask of [hit, extended]) {
    const [near, far] = [await wall(0, 0, ask), await wall(50, 50, ask)];
    reads.push((far - near) / 50);
  }
  return {
    sequential_reads: round(Math.max(...reads), 2),
    delay_ms_20_60: round(Math.max(await wall(20, 60, hit), await wall(20, 60, extended)), 1),
  };
}

/** One request per user. */
const each = (ask: (user: string) => Promise<Time>) => (group: string[]) =>
  group.map((user) => () => ask(user));

async function time(isolate: Isolate, path: string, body?: unknown): Promise<Time> {
  return (await isolate.request(path, body)).time;
}
