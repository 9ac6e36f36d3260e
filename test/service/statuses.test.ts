/** What the cached state saves, and that the answer says so. The window of this model is eight films. */
import { expect, test } from 'vitest';
import { FakeModel } from './fake-model.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { listOf, Visitor } from './visitor.ts';

const WINDOW = 8;

/** Isolates over one log and one store. */
function deployment() {
  const [log, store] = [new MemoryLog(), new MemoryStore()];
  return { isolate: () => new Visitor({ model: new FakeModel({ window: WINDOW }), log, store }), log, store };
}

test('miss, hit, extended by what is new: in the isolate that knows the user and in one that does not', async () => {
  const { isolate } = deployment();
  let visitor = isolate();
  await visitor.append('ada', ['1', '2']);
  const first = await visitor.recommend('ada');
  expect(first.cache).toEqual({
    status: 'miss',
    reused_items: 0,
    prefilled_items: 2,
    state_bytes: expect.any(Number),
    window_start: 0,
    window_moved: false,
    degraded: false,
  });
  for (const elsewhere of [false, true]) {
    await visitor.settled();
    if (elsewhere) visitor = isolate();
    const before = visitor.model.prefilled;
    const hit = await visitor.recommend('ada');
    expect(hit.cache).toMatchObject({ status: 'hit', prefilled_items: 0 });
    expect(visitor.model.prefilled).toBe(before);

    await visitor.append('ada', ['5', 'unknown', '4']);
    const extended = await visitor.recommend('ada');
    expect(extended.cache).toMatchObject({ status: 'extended', prefilled_items: 2, window_moved: false });
    expect(extended.cache.reused_items).toBe(hit.cache.reused_items);
    expect(visitor.model.prefills.at(-1)).toEqual([4, 3]);
    const history = (await visitor.interactions('ada')).toReversed();
    expect(listOf(extended)).toEqual(listOf(await visitor.fromScratch(history)));
  }
});

test('the same question is searched once a state, another question on its own', async () => {
  const { isolate } = deployment();
  const visitor = isolate();
  await visitor.append('ada', ['1', '2']);
  const list = await visitor.recommend('ada');
  expect(listOf(await visitor.recommend('ada'))).toEqual(listOf(list));
  expect(visitor.model.searches).toBe(1);

  for (const query of [
    '?k=3',
    '?include_seen=true',
    '?exclude=5',
    '?exclude=5&exclude=6',
    '?categories=Comedy',
  ]) {
    const { searches } = visitor.model;
    const other = await visitor.recommend('ada', query);
    expect(listOf(other), query).not.toEqual(listOf(list));
    expect(visitor.model.searches, query).toBe(searches + 1);
    expect(listOf(await visitor.recommend('ada', query)), query).toEqual(listOf(other));
    expect(visitor.model.searches, query).toBe(searches + 1);
  }

  await visitor.append('ada', ['3']);
  expect(listOf(await visitor.recommend('ada'))).toEqual(listOf(await visitor.fromScratch(['1', '2', '3'])));
});

test('over a long history the window moves by halves, and each item is prefilled twice at most', async () => {
  const { isolate } = deployment();
  const visitor = isolate();
  const history: string[] = [];
  const starts: number[] = [];
  const moves: number[] = [];
  for (let length = 1; length <= WINDOW + 40; length++) {
    history.push(String(1 + ((length * 5) % 12)));
    await visitor.append('ada', history.slice(-1));
    const list = await visitor.recommend('ada', '?include_seen=true');
    if (list.cache.window_moved) moves.push(length);
    starts.push(list.cache.window_start);
    expect(listOf(list)).toEqual(listOf(await visitor.fromScratch(history, { include_seen: true })));
    visitor.model.prefills.splice(-1); // of the comparison
  }
  expect(moves).toEqual([9, 13, 17, 21, 25, 29, 33, 37, 41, 45]);
  expect(starts.filter((start, index) => start !== starts[index - 1])).toEqual([
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40,
  ]);
  // Eight of the first window, then five and three more for each move, which is announced every four items.
  expect(visitor.model.prefilled).toBe(WINDOW + moves.length * (5 + 3));
});

test('an isolate that was left behind catches up, and one that has seen more serves those who read earlier', async () => {
  const { isolate, log } = deployment();
  const [here, there] = [isolate(), isolate()];
  await here.append('ada', ['1', '2']);
  await here.recommend('ada');
  await there.recommend('ada');
  await there.append('ada', ['3']);
  await there.recommend('ada');
  expect((await here.recommend('ada')).cache).toMatchObject({ status: 'extended', prefilled_items: 1 });

  // A request that read the log before the last film was added ends after one that read it later.
  const { events, digests, ...now } = await log.tail('ada');
  const tail = log.tail.bind(log);
  const older = { events: events.slice(0, 2), digests: digests.slice(0, 2) };
  log.tail = async () => ({ ...now, total: 2, digest: digests[1], ...older });
  expect(listOf(await here.recommend('ada'))).toEqual(listOf(await here.fromScratch(['1', '2'])));
  log.tail = tail;
  expect((await here.recommend('ada')).cache).toMatchObject({ status: 'hit', reused_items: 3 });
});
