/** The service sees what becomes of the lists that its users saw. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { comparisons } from '../../scripts/report/compare.ts';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import type { HistoryLog } from '../../worker/history/log.ts';
import { Metrics } from '../../worker/observe/metrics.ts';
import { judgingLog } from '../../worker/outcomes/judging-log.ts';
import { OutcomeCounting } from '../../worker/outcomes/outcomes.ts';
import { type Judged, recommendationId } from '../../worker/outcomes/served.ts';
import { MemoryOutcomes } from '../../worker/outcomes/services.ts';
import { Variants } from '../../worker/outcomes/variants.ts';
import { log as durableLog, someone, warmUp } from './durable.ts';
import { FakeModel } from './fake-model.ts';
import { hostOf, type Json, post, problemOf, serviceWith } from './helpers.ts';
import { MemoryLog } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

function shop({ log = new MemoryLog() as HistoryLog, variants = '' } = {}) {
  const outcomes = new MemoryOutcomes(new Variants(variants));
  const seen: Judged[] = [];
  const judging = judgingLog(log, (list, bucket) => {
    seen.push(list);
    outcomes.judge(list, bucket);
  });
  const visitor = new Visitor({ log: judging, outcomes });
  /** The user sees a list, and then takes something. */
  async function visit(user: string, take: (list: Json) => string[]): Promise<Json> {
    const list = await visitor.recommend(user);
    await visitor.settled();
    await visitor.append(user, take(list));
    return list;
  }
  return { visitor, outcomes, seen, visit };
}

beforeAll(...warmUp);

describe.each([
  ['a log in memory', () => new MemoryLog()],
  ['the real log', () => durableLog],
])('with %s', (_, makeLog) => {
  test('what a user takes next is looked up in the list that the user saw last', async () => {
    const { visitor, seen, visit } = shop({ log: makeLog() });
    const ada = someone();
    await visitor.append(ada, ['1']);
    const list = await visit(ada, ({ items }) => [items[4].id, items[2].id]);
    expect(seen).toMatchObject([{ id: list.recommendation_id, ranker: 'beam', variant: '', rank: 3 }]);
    expect(seen[0].items).toEqual(list.items.map(({ id }: Json) => id));
    await visit(ada, () => ['from elsewhere']);
    expect(seen[1]).toMatchObject({ rank: null });
  });

  test('a list is judged once, and only by what is really added', async () => {
    const { visitor, seen } = shop({ log: makeLog() });
    const bob = someone();
    await visitor.append(bob, ['1'], { 'Idempotency-Key': 'a' });
    const { items } = await visitor.recommend(bob);
    await visitor.settled();
    await visitor.append(bob, ['1'], { 'Idempotency-Key': 'a' });
    expect(seen).toEqual([]);
    await visitor.append(bob, [items[0].id]);
    await visitor.append(bob, [items[1].id]);
    expect(seen).toMatchObject([{ rank: 1 }]);
  });

  test('appending and recommending in one request judges the list before', async () => {
    const { visitor, seen } = shop({ log: makeLog() });
    const eve = someone();
    await visitor.append(eve, ['1']);
    const { items } = await visitor.recommend(eve);
    await visitor.settled();
    await visitor.request('POST', `${pathOf(eve)}/recommendations`, { items: [{ id: items[1].id }] });
    expect(seen).toMatchObject([{ rank: 2 }]);
  });

  test('a list that is kept late is judged by what came meanwhile, and once', async () => {
    const own = makeLog();
    const { seen } = shop({ log: own });
    const judging = judgingLog(own, (list) => void seen.push(list));
    const ida = someone();
    const list = (id: string, items: string[]) => ({ id, model: 'a', ranker: 'beam', variant: '', items });
    const append = (item: string) => judging.append(ida, [{ item }]);
    await append('1');
    const early = await judging.tail(ida);
    await judging.serve(ida, list('first', ['2', '3']), early);
    await append('3');
    await judging.serve(ida, list('second', ['5', '3']), early); // made before the event that came
    await append('5');
    expect(seen.map(({ id, rank }) => [id, rank])).toEqual([
      ['first', 2],
      ['second', 2],
    ]);
    await judging.clear(ida);
    await append('1');
    expect((await judging.serve(ida, list('of the deleted log', ['2']), early)).epoch).not.toBe(early.epoch);
    await append('2');
    expect(seen).toHaveLength(2);
  });

  test('the next event takes a list along that waits in the isolate, or the log is told later', async () => {
    const own = makeLog();
    const seen: Judged[] = [];
    const judging = judgingLog(own, (list) => void seen.push(list));
    const shop = new Visitor({ log: judging, pauseMs: 500 });
    const elsewhere = new Visitor({ log: judging });
    const serve = vi.spyOn(own, 'serve');
    const zoe = someone();
    await shop.append(zoe, ['1']);
    await shop.recommend(zoe);
    await shop.settled();
    serve.mockClear();
    const lists: Json[] = [];
    for (const path of ['interactions', 'recommendations']) {
      lists.push(await shop.recommend(zoe));
      const items = [{ id: lists.at(-1).items[2].id }];
      await shop.request('POST', `${pathOf(zoe)}/${path}`, { items });
    }
    expect(serve).not.toHaveBeenCalled();
    expect(seen.map(({ id, rank }) => [id, rank])).toEqual(lists.map((list) => [list.recommendation_id, 3]));

    // An event that another isolate brings is before the list: the log is told of it, and says what it was.
    const last = await shop.recommend(zoe);
    await elsewhere.append(zoe, [last.items[0].id]);
    await shop.settled();
    expect(seen.slice(2)).toMatchObject([{ id: last.recommendation_id, rank: 1 }]);
  });

  test('a user who is deleted leaves no list', async () => {
    const { visitor, seen } = shop({ log: makeLog() });
    const dan = someone();
    await visitor.append(dan, ['1']);
    await visitor.recommend(dan);
    await visitor.settled();
    await visitor.remove(dan);
    await visitor.append(dan, ['2']);
    expect(seen).toEqual([]);
  });
});

describe('variants', () => {
  const TWO = JSON.stringify([{ name: 'plain' }, { name: 'same', ranker: 'popular', rules: [] }]);

  test('a user belongs to one, its list says which, and it makes the list', async () => {
    const { visitor } = shop({ variants: TWO });
    await visitor.request('PUT', '/v1/rules/top', { action: 'pin', filter: { id: '12' } });
    const makers = new Map<string, Json>();
    for (let user = 0; user < 20; user++) {
      await visitor.append(`user-${user}`, ['1']);
      const list = await visitor.recommend(`user-${user}`);
      expect((await visitor.recommend(`user-${user}`)).variant).toBe(list.variant);
      makers.set(list.variant, list);
    }
    expect(makers.get('plain')).toMatchObject({
      ranker: 'beam',
      items: [{ id: '12' }, {}, {}, {}, {}, {}, {}, {}, {}, {}],
    });
    expect(makers.get('same')).toMatchObject({ ranker: 'popular', source: 'popular' });
    expect(makers.get('same').items[0].id).toBe('8');
  });

  test('the one that planted behaviour makes better is named, and its interval excludes zero', async () => {
    const { visitor, outcomes, visit } = shop({ variants: TWO });
    for (let user = 0; user < 600; user++) {
      const name = `user-${user}`;
      await visitor.append(name, ['1']);
      const likes = user % 10; // users of `plain` take what is listed far more often
      await visit(name, ({ variant, items }) =>
        likes < (variant === 'plain' ? 7 : 2) ? [items[likes].id] : ['from elsewhere'],
      );
    }
    const [comparison] = comparisons(await outcomes.totals());
    expect(comparison).toMatchObject({ first: expect.stringContaining('plain'), differs: 'yes' });
    expect(comparison.interval[1]).toBeLessThan(0);
  });

  test.each([
    ['{', /not JSON/],
    ['[{"name": "a"}, {"name": "a"}]', /same name/],
    ['[{"name": "a b"}]', /VARIANTS\/0\/name/],
    ['[{"name": "a", "ranker": "best"}]', /VARIANTS\/0\/ranker/],
  ])('a deployment that says %s does not start', (text, message) => {
    expect(() => new Variants(text)).toThrow(message);
  });
});

test('what callers tell is counted for who made the list', async () => {
  const { visitor } = shop();
  const { recommendation_id } = await visitor.fromScratch(['1']);
  const body = { recommendation_id, clicked: ['2', '3'], bought: ['3'] };
  expect((await visitor.request('POST', '/v1/events', body)).status).toBe(202);
  const { sums }: Json = await (await visitor.request('GET', '/v1/outcomes')).json();
  expect(sums).toMatchObject([{ ranker: 'beam', clicked: 2, bought: 1, judged: 0 }]);
  const [model, ranker, variant, uuid] = recommendation_id.split('.');
  const others = [
    ['f'.repeat(16), ranker, variant],
    [model, 'best', variant],
    [model, ranker, 'other'],
  ];
  for (const maker of others) {
    const told = { recommendation_id: [...maker, uuid].join('.'), clicked: ['2'] };
    await problemOf(await visitor.request('POST', '/v1/events', told), 404, 'list_unknown');
  }
  const wrong = { recommendation_id: 'mine' };
  expect((await visitor.request('POST', '/v1/events', wrong)).status).toBe(422);
  const counted: Json = await (await visitor.request('GET', '/v1/outcomes')).json();
  expect(counted.sums).toEqual(sums);
  expect((await visitor.request('DELETE', '/v1/outcomes')).status).toBe(204);
  const after: Json = await (await visitor.request('GET', '/v1/outcomes')).json();
  expect(after.sums).toEqual([]);
});

test('the object adds up what isolates send, and coverage counts items once', async () => {
  const object = env.OUTCOMES.getByName('test');
  const list = { id: 'x', model: 'm', ranker: 'latent', variant: '', items: ['1', '2'], rank: 2 };
  const told: unknown[] = [];
  for (const items of [
    ['1', '2'],
    ['2', '3'],
  ]) {
    const counting = new OutcomeCounting();
    counting.judge({ ...list, items }, 5);
    counting.judge({ ...list, items, rank: null }, 5);
    told.push(await object.add(counting.take()));
  }
  expect(told).toMatchObject([[{ ranker: 'latent', items: 2 }], [{ ranker: 'latent', items: 3 }]]);
  const { sums, coverage } = await object.totals();
  expect(sums).toMatchObject([{ bucket: 5, judged: 4, hits: 2, reciprocal: 1 }]);
  expect(coverage).toMatchObject([{ ranker: 'latent', items: 3 }]);
  await object.clear();
  expect(await object.totals()).toEqual({ sums: [], coverage: [] });
});

test('an isolate’s metrics count judged lists, and what they showed, by who made them', () => {
  const metrics = new Metrics();
  const list = { id: 'x', model: 'm', ranker: 'latent', variant: 'a', items: [] };
  for (const rank of [1, 4, 20, null]) metrics.judged({ ...list, rank });
  for (const items of [3, 7]) metrics.covered({ model: 'm', ranker: 'latent', variant: 'a', items });
  const text = metrics.toString();
  expect(text).toContain('earn_shown_items{model="m",ranker="latent",variant="a"} 7');
  expect(text).toContain('earn_judged_lists_total{model="m",ranker="latent",variant="a",hit="true"} 2');
  expect(text).toContain('earn_judged_lists_total{model="m",ranker="latent",variant="a",hit="false"} 2');
  expect(text).toContain('earn_reciprocal_rank_total{model="m",ranker="latent",variant="a"} 1.3');
});

test.each([
  ['the served model', true],
  ['the candidate', false],
])('while %s can’t be told, no list is said to be unknown', async (_, isCurrent) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const damaged = hostOf(() => Promise.reject(new ModelUnavailable('asset_damaged', 'manifest.json')));
  const whole = hostOf(async () => new FakeModel());
  const hosts = isCurrent ? { current: damaged, candidate: whole } : { current: whole, candidate: damaged };
  const { app } = serviceWith(hosts);
  const id = recommendationId({ model: '0123456789abcdef', ranker: 'latent', variant: '' });
  const response = await post(app, { recommendation_id: id, clicked: ['1'] }, '/v1/events');
  await problemOf(response, 503, 'model_unavailable');
  vi.restoreAllMocks();
});
