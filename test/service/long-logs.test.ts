/** What a list costs does not depend on how long its user has been there. */
import { expect, test, vi } from 'vitest';
import { TAIL_EVENTS } from '../../worker/history/log.ts';
import { HAD_EVENTS, MOST_NAMED } from '../../worker/recommend/history.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { listOf, Visitor } from './visitor.ts';

const WINDOW = 8;

/** Isolates over one log and one store; `read` are the events that each request for older ones brought. */
function deployment(options: ConstructorParameters<typeof FakeModel>[0] = {}) {
  const [log, store] = [new MemoryLog(), new MemoryStore()];
  const read: number[] = [];
  const stretch = log.stretch.bind(log);
  log.stretch = async (...of) => {
    const found = await stretch(...of);
    read.push(found?.events.length ?? 0);
    return found;
  };
  const isolate = (more = {}) =>
    new Visitor({ model: new FakeModel({ window: WINDOW, ...options, ...more }), log, store });
  return { isolate, log, store, read };
}

const eventsOf = (ids: string[]) => ids.map((item) => ({ item }));
const films = (count: number) => Array.from({ length: count }, (_, index) => String(1 + ((index * 7) % 12)));

test('of a log of 95,000 events a returning user costs a few of the newest, in any isolate', async () => {
  const { isolate, log, read } = deployment();
  const history = films(95_000);
  log.replace('ada', crypto.randomUUID(), eventsOf(history));
  const first = isolate();
  const query = '?include_seen=true';
  expect((await first.recommend('ada', query)).cache).toMatchObject({ status: 'miss', reused_items: 0 });
  await first.settled();
  expect(read).toEqual([15_000]); // what counts as had
  for (const visitor of [first, isolate()]) {
    const hit = await visitor.recommend('ada', query);
    expect(hit.cache).toMatchObject({ status: 'hit' });
    expect(hit.cache.window_start).toBeGreaterThanOrEqual(95_000 - WINDOW);
    history.push('3');
    await visitor.append('ada', ['3']);
    const next = await visitor.recommend('ada', query);
    expect(listOf(next)).toEqual(
      listOf(await visitor.fromScratch(history.slice(next.cache.window_start), { include_seen: true })),
    );
    await visitor.settled();
  }
  // Once the context window moved; its events come before those that the isolate knows nothing of.
  expect(read.slice(1)).toEqual([WINDOW / 2 + 1]);
});

test('a user of 35,000 ids that no model knows is served like anyone, and the answer names a hundred', async () => {
  const { isolate, log, read } = deployment();
  const ids = Array.from({ length: 35_000 }, (_, index) => `${'x'.repeat(190)}-${index}`);
  log.replace('ada', crypto.randomUUID(), eventsOf(ids));
  const visitor = isolate();
  const list = await visitor.recommend('ada');
  expect(list).toMatchObject({ source: 'popular', ignored_count: 15_000 });
  expect(list.ignored_items).toEqual(ids.slice(-15_000).slice(0, MOST_NAMED));
  await visitor.settled();
  const before = read.length;
  for (const each of [visitor, isolate()]) expect(listOf(await each.recommend('ada'))).toEqual(listOf(list));
  expect(read).toHaveLength(before);
});

test('what was had counts from the same event on, whether it was read at once or bit by bit', async () => {
  const { isolate, log } = deployment({ window: 4 });
  const total = HAD_EVENTS + 3;
  // Films 5 and 6 stand at both ends of the part that no longer counts.
  const history = Array.from({ length: total }, () => '1');
  [history[0], history[HAD_EVENTS / 2 - 1], history[HAD_EVENTS / 2]] = ['5', '6', '7'];
  const bitByBit = isolate();
  log.replace('ada', crypto.randomUUID(), eventsOf(history.slice(0, HAD_EVENTS - 1)));
  for (let length = HAD_EVENTS - 1; length < total; length++) {
    if (length >= HAD_EVENTS) await bitByBit.append('ada', ['1']);
    else await bitByBit.append('ada', [history[length]]);
    const list = await bitByBit.recommend('ada', '?k=12');
    await bitByBit.settled();
    const listed = list.items.map(({ id }: { id: string }) => id);
    const forgotten = length >= HAD_EVENTS;
    expect([listed.includes('5'), listed.includes('6'), listed.includes('7')], `${length + 1}`).toEqual([
      forgotten,
      forgotten,
      false,
    ]);
    expect(listOf(await isolate().recommend('ada', '?k=12'))).toEqual(listOf(list));
  }
});

test('someone who did more than the newest events tell is extended all the same', async () => {
  const { isolate, log, read } = deployment({ window: 400 });
  const history = films(TAIL_EVENTS + 70);
  log.replace('ada', crypto.randomUUID(), eventsOf(history.slice(0, 50)));
  const visitor = isolate();
  await visitor.recommend('ada');
  await visitor.settled();
  await visitor.append('ada', history.slice(50));
  for (const each of [visitor, isolate()]) {
    const list = await each.recommend('ada', '?include_seen=true');
    expect(list.cache).toMatchObject({ status: 'extended', reused_items: 50 });
    expect(listOf(list)).toEqual(listOf(await each.fromScratch(history, { include_seen: true })));
  }
  expect(read).toEqual([history.length - 49, history.length - 49]); // and the event that proves the state
});

test('a state is not used once the catalogue knows an id that it left out', async () => {
  for (const unknown of [['13'], ['13', '1', '2', '3', '4', '5', '6', '7', '8', '9']]) {
    const { isolate } = deployment();
    const before = isolate();
    await before.append('ada', [...unknown, '1', '2']);
    await before.recommend('ada');
    await before.settled();
    const titles = [...before.model.catalogue.items!.map(({ title }) => title), 'Alien (1979)'];
    const after = isolate({ id: '1a7e41a7e41a7e41', stateId: MANIFEST.stateId, titles });
    for (let again = 0; again < 2; again++) {
      const list = await after.recommend('ada', '?k=13');
      const expected = await after.fromScratch([...unknown, '1', '2'], { k: 13 });
      expect(listOf(list)).toEqual(listOf(expected));
      expect(list.items.map(({ id }: { id: string }) => id)).not.toContain('13');
    }
  }
});

test('a log whose end was rewritten under the same epoch refutes the states of the old end', async () => {
  const { isolate, log } = deployment();
  const epoch = crypto.randomUUID();
  log.replace('ada', epoch, eventsOf(['1', '2', '3', '4']));
  const visitor = isolate();
  await visitor.recommend('ada');
  await visitor.settled();
  for (const history of [
    ['1', '2', '4'],
    ['1', '2', '4', '9', '4'],
  ]) {
    log.replace('ada', epoch, eventsOf(history));
    for (const each of [visitor, isolate()]) {
      expect(listOf(await each.recommend('ada'))).toEqual(listOf(await each.fromScratch(history)));
    }
  }
});

test('a log that changes while it is read is read again, and one that keeps changing is a 503', async () => {
  const { isolate, log } = deployment();
  const history = films(200);
  log.replace('ada', crypto.randomUUID(), eventsOf(history));
  const visitor = isolate();
  const { stretch } = log;
  log.stretch = async (...of) => {
    log.stretch = stretch;
    log.replace('ada', crypto.randomUUID(), eventsOf(history.slice(0, 150)));
    return stretch(...of);
  };
  const list = await visitor.recommend('ada', '?include_seen=true');
  expect(list.cache.window_start).toBe(144);
  log.stretch = async () => null;
  log.replace('bob', crypto.randomUUID(), eventsOf(history));
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect((await visitor.request('GET', '/v1/users/bob/recommendations')).status).toBe(503);
});
