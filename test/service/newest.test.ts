/** What an object remembers of its log's end is what the log itself says, whatever was done to it. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, expect, test } from 'vitest';
import { randomInts, seededRandom } from '../../scripts/random.ts';
import type { Known, Tail } from '../../worker/history/log.ts';
import { Newest } from '../../worker/history/newest.ts';
import { migrate } from '../../worker/history/schema.ts';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { log, someone, warmUp } from './durable.ts';

beforeAll(...warmUp);

test('after any appends, events taken back, merges and deletions', async () => {
  const random = seededRandom(5);
  const below = (end: number) => Math.floor(random() * end);
  const drawn = () => randomInts(random, 1 + below(40), 12).map((item) => ({ item: String(1 + item) }));
  const [ada, visitor] = [someone(), someone()];
  const object: DurableObjectStub<UserHistory> = env.USERS.getByName(ada);
  await runInDurableObject(object, (instance) => void Object.assign(instance, { retention: { most: 90 } }));
  const places: Known[] = [];
  /** As another instance of the object reads it. */
  const read = (known?: Known): Promise<Tail> =>
    runInDurableObject(object, async (_, { storage }) => new Newest(storage.sql).tail(known));
  for (let step = 0; step < 120; step++) {
    const known = places[below(places.length)];
    const kind = below(12);
    if (kind === 0) await log.clear(ada);
    else if (kind === 1) {
      const { epoch, events } = await log.page(ada, 20, null);
      const event = events[below(events.length)];
      if (event) await log.takeBack(ada, { position: event.position, log: epoch.slice(0, 8) });
    } else if (kind === 2) {
      await log.append(visitor, drawn());
      await log.merge(ada, visitor);
    } else if (kind < 6) await log.append(ada, drawn());
    else {
      const { outcome, preceding, judged, ...tail } = await log.appendAndTail(ada, drawn(), undefined, known);
      expect(tail).toEqual(await read(known));
    }
    const { epoch, total, digest } = await log.tail(ada);
    for (const place of [known, undefined, { epoch, position: total, digest: digest! }]) {
      expect(await log.tail(ada, place)).toEqual(await read(place));
    }
    await runInDurableObject(object, async (_, { storage }) => {
      // An object that begins anew knows the head at once.
      expect(await migrate(storage)).toEqual(epoch === '' ? undefined : new Newest(storage.sql).head);
    });
    if (digest) places.push({ epoch, position: total, digest });
  }
});
