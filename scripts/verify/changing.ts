/**
 * Random operations beside a reference model: users act, take back, sign in and are forgotten, while the shop
 * changes its catalogue, through two isolates that see the changes at different times. A list must be the one
 * that a plain array of the user's items leads to, computed from scratch with the catalogue that it names.
 */
import { StateCache } from '../../worker/cache/state-cache.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { LiveCopy } from '../../worker/catalogue/live-copy.ts';
import { MemoryTruth } from '../../worker/catalogue/memory-truth.ts';
import type { ItemChange } from '../../worker/catalogue/record.ts';
import type { CatalogueSnapshot } from '../../worker/catalogue/snapshot.ts';
import { MemoryLog } from '../../worker/history/memory-log.ts';
import type { CountsTable } from '../../worker/live/counts-table.ts';
import { Live } from '../../worker/live/live.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { UserSource } from '../../worker/recommend/user-states.ts';
import { listedItems } from '../listed-items.ts';

const USERS = 40;
const LIST = 20;
/** Items that no training has seen; they come, change and go. */
const NEW = 200;

export interface ChangingTotals {
  operations: number;
  lists: number;
  catalogue_changes: number;
  taken_back: number;
  merged: number;
  /** Lists that differ from the reference's. */
  wrong: number;
  /** Interactions that a log lacks. */
  lost: number;
}

interface Isolate {
  cache: StateCache;
  catalogue: LiveCopy;
  published: MemoryPublished<CatalogueSnapshot>;
  live: Live;
}

export async function verifyChanging(
  model: EarnModel,
  operations: number,
  random: () => number,
): Promise<ChangingTotals> {
  const [log, store, shop] = [new MemoryLog(), new MemoryStore(), new MemoryTruth()];
  const truth = new Map<string, string[]>();
  const later: Promise<unknown>[] = [];
  const totals = {
    operations: 0,
    lists: 0,
    catalogue_changes: 0,
    taken_back: 0,
    merged: 0,
    wrong: 0,
    lost: 0,
  };
  const below = (limit: number) => Math.floor(random() * limit);
  const trained = listedItems(model);
  const item = () => (below(5) === 0 ? `new-${below(NEW)}` : trained[below(trained.length)].id);
  const user = () => `user-${below(USERS)}`;
  const historyOf = (name: string) => truth.get(name) ?? [];

  function isolate(): Isolate {
    const published = new MemoryPublished<CatalogueSnapshot>();
    const catalogue = new LiveCopy(shop, published);
    const live = new Live(catalogue, new MemoryPublished<CountsTable>());
    return { cache: new StateCache(store), catalogue, published, live };
  }
  const isolates = [isolate(), isolate()];

  async function list({ cache, live }: Isolate, name: string): Promise<void> {
    const now = await live.over(Promise.resolve(model));
    const source = new UserSource(log, cache, name, log.tail(name));
    const { items } = await recommend(now, source, queryFor(LIST));
    later.push(source.persist()); // when it gets there, the log may have changed
    const scratch = given(historyOf(name).map((each) => ({ item: each })));
    const expected = await recommend(now, scratch, queryFor(LIST));
    const same = JSON.stringify(items) === JSON.stringify(expected.items);
    totals.lists++;
    if (!same) totals.wrong++;
  }

  async function append(name: string): Promise<void> {
    const added = Array.from({ length: 1 + below(4) }, item);
    truth.set(name, [...historyOf(name), ...added]);
    await log.append(
      name,
      added.map((each) => ({ item: each })),
    );
  }

  /** One of the isolates says something; the other one hears of it later. */
  async function say(at: number): Promise<void> {
    const id = item();
    const { title, categories } = trained[below(trained.length)]; // new items have words that there are
    const known = model.catalogue.indexOf(id) !== undefined;
    const changes: ItemChange[] = [
      { kind: 'put', id, fields: { title, categories, properties: { price: below(100) } } },
      { kind: 'patch', id, known, fields: { available: below(2) === 0 } },
      { kind: 'delete', id, known },
    ];
    await isolates[at].catalogue.change([changes[below(3)]]);
    totals.catalogue_changes++;
  }

  async function takeBack(name: string): Promise<void> {
    const { epoch, events } = await log.page(name, 50, null);
    if (events.length === 0) return;
    const place = below(events.length);
    await log.takeBack(name, { position: events[place].position, log: epoch.slice(0, 8) });
    const history = historyOf(name);
    truth.set(name, history.toSpliced(history.length - 1 - place, 1));
    totals.taken_back++;
  }

  async function merge(name: string, from: string): Promise<void> {
    if (name === from) return;
    truth.set(name, [...historyOf(name), ...historyOf(from)]);
    truth.delete(from);
    await log.merge(name, from);
    totals.merged++;
  }

  async function forget({ cache }: Isolate, name: string): Promise<void> {
    truth.delete(name);
    await log.clear(name);
    await cache.forget(name);
  }

  for (; totals.operations < operations; totals.operations++) {
    const [what, at] = [random(), below(2)];
    if (what < 0.45) await list(isolates[at], user());
    else if (what < 0.7) await append(user());
    else if (what < 0.82) await say(at);
    else if (what < 0.88) for (const { published } of isolates) published.offer(await shop.all());
    else if (what < 0.93) await takeBack(user());
    else if (what < 0.95) await merge(user(), user());
    else if (what < 0.97) await forget(isolates[at], user());
    else {
      isolates[at] = isolate();
      isolates[at].published.offer(await shop.all());
    }
  }
  await Promise.all(later);
  for (let at = 0; at < USERS; at++) {
    const { events } = await log.page(`user-${at}`, Number.MAX_SAFE_INTEGER, null);
    const kept = events.map((event) => event.item).reverse();
    const expected = historyOf(`user-${at}`);
    if (kept.join('\n') !== expected.join('\n')) totals.lost += Math.max(1, expected.length - kept.length);
  }
  return totals;
}
