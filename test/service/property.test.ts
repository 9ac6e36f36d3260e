/**
 * Random users, isolates, faults and deletions. Whatever the sequence, a list must be the one that a plain
 * array of the user's items leads to, and nothing of a deleted user may be left. A failure names its seed and
 * what was done.
 */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { LiveCopy } from '../../worker/catalogue/live-copy.ts';
import { MemoryTruth } from '../../worker/catalogue/memory-truth.ts';
import type { ItemChange } from '../../worker/catalogue/record.ts';
import { type CatalogueSnapshot, NOTHING_SAID } from '../../worker/catalogue/snapshot.ts';
import { sha256Hex } from '../../worker/engine/hex.ts';
import type { HistoryLog } from '../../worker/history/log.ts';
import type { CountsTable } from '../../worker/live/counts-table.ts';
import { Live } from '../../worker/live/live.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { seededRandom } from '../fixtures/random.ts';
import { fakeClock } from './clock.ts';
import { log as durableLog, warmUp } from './durable.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { type Json, listed } from './helpers.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { listOf, pathOf, Visitor } from './visitor.ts';

const STEPS = 30;
const FILMS = 15;
/** Films that no model was trained with; they are known once the shop says so. */
const NEW = ['heat', 'seven', 'casino'];
/** The second model knows more films, though not all, and looks at more of them. */
const LATER = {
  id: '1a7e41a7e41a7e41',
  titles: Array.from({ length: FILMS - 1 }, (_, index) => `Film ${index}`),
  window: 6,
};
/** The first model after its catalogue has learned of more films: it shares the states. */
const GROWN = { id: '6666666666666666', stateId: MANIFEST.stateId, titles: LATER.titles };
const MODELS = [() => new FakeModel(), () => new FakeModel(LATER), () => new FakeModel(GROWN)];
const REFERENCES = MODELS.map((model) => model());

let clock: ReturnType<typeof fakeClock>;

beforeAll(...warmUp);
beforeEach(() => {
  clock = fakeClock();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A deployment with two isolates, beside plain arrays that say what it should answer. */
class Sequence {
  readonly done: string[] = [];
  private readonly random: () => number;
  private readonly log: HistoryLog;
  private readonly store = new MemoryStore();
  private readonly isolates: Visitor[];
  private readonly users: string[];
  private readonly truth = new Map<string, string[]>();
  /** Earlier values of the store, which may come again. */
  private readonly old: [string, ArrayBuffer][] = [];
  private model = 0;
  private readonly shop = new MemoryTruth();
  /** What the shop had said at each version. */
  private readonly said = new Map<number, CatalogueSnapshot>([[0, NOTHING_SAID]]);
  private published: CatalogueSnapshot = NOTHING_SAID;
  private copies: MemoryPublished<CatalogueSnapshot>[] = [];

  constructor(seed: number, log: HistoryLog) {
    this.random = seededRandom(seed);
    this.log = log;
    this.users = ['ada', 'Ada', 'bob'].map((name) => `${name}-${seed}`);
    this.isolates = [this.isolate(), this.isolate()];
  }

  async step(): Promise<void> {
    const user = this.pick(this.users);
    const visitor = this.pick(this.isolates);
    await this.pick([
      () => this.append(visitor, user),
      () => this.append(visitor, user),
      () => this.recommend(visitor, user),
      () => this.recommend(visitor, user),
      () => this.recommend(visitor, user),
      () => this.appendAndRecommend(visitor, user),
      () => this.race(user),
      () => this.evict(),
      () => this.damage(),
      () => this.goBack(),
      () => this.refuse(),
      () => this.deploy(),
      () => this.remove(visitor, user),
      () => this.takeBack(visitor, user),
      () => this.merge(visitor, user),
      () => this.say(),
      () => this.say(),
      () => this.publish(),
    ])();
    for (const [key, { bytes }] of this.store.values) this.old.push([key, bytes]);
    if (this.below(3) === 0) await clock.pass(this.below(3000));
  }

  /** When all is quiet, every user is as the arrays say. */
  async end(): Promise<void> {
    await this.settle();
    for (const user of this.users) {
      const [visitor] = this.isolates;
      const history = this.historyOf(user);
      expect(await visitor.interactions(user)).toEqual(history.toReversed());
      const before = await visitor.recommend(user);
      expect(listOf(before)).toEqual(await this.expected(history, {}, before.catalogue.version));
      const after = await visitor.recommend(user);
      if (after.source === 'model') expect(after.cache.status).toBe('hit');
      await this.settle();
      await visitor.remove(user);
    }
    expect([...this.store.values.keys()]).toEqual([]);
  }

  private async settle(): Promise<void> {
    await clock.until(Promise.all(this.isolates.map((each) => each.settled())));
  }

  private async append(visitor: Visitor, user: string): Promise<void> {
    const films = this.films();
    this.done.push(`append ${user} ${films}`);
    this.add(user, films);
    expect((await visitor.append(user, films)).length).toBe(this.historyOf(user).length);
  }

  private async recommend(visitor: Visitor, user: string): Promise<void> {
    const query = this.query();
    this.done.push(`recommend ${user} ${JSON.stringify(query)}`);
    await this.check(this.ask(visitor, user, query), [this.historyOf(user)], query);
  }

  private async appendAndRecommend(visitor: Visitor, user: string): Promise<void> {
    const [films, query] = [this.films(), this.query()];
    this.done.push(`append and recommend ${user} ${films} ${JSON.stringify(query)}`);
    this.add(user, films);
    const body = { items: films.map((id) => ({ id })), ...query };
    const answer = visitor.request('POST', `${pathOf(user)}/recommendations`, body);
    await this.check(
      answer.then((response) => response.json()),
      [this.historyOf(user)],
      query,
    );
  }

  /** Both isolates are asked while something is added: each list is of before or of after. */
  private async race(user: string): Promise<void> {
    const [films, query] = [this.films(), this.query()];
    this.done.push(`race ${user} ${films} ${JSON.stringify(query)}`);
    const before = this.historyOf(user);
    this.add(user, films);
    const either = [before, this.historyOf(user)];
    const asked = [...this.isolates, ...this.isolates].map((each) => this.ask(each, user, query));
    await this.isolates[0].append(user, films);
    for (const answer of asked) await this.check(answer, either, query);
  }

  private evict(): void {
    this.done.push('evict');
    this.isolates[this.below(2)] = this.isolate();
  }

  /** Some key's value is damaged, swapped for another key's, or lost. */
  private damage(): void {
    const keys = [...this.store.values.keys()];
    if (keys.length === 0) return;
    const key = this.pick(keys);
    const bytes = new Uint8Array(this.store.values.get(key)!.bytes.slice(0));
    const kind = this.pick(['bit', 'half', 'swap', 'lose']);
    this.done.push(`damage ${kind} ${key.slice(-25)}`);
    if (kind === 'bit') bytes[this.below(bytes.length)] ^= 1 << this.below(8);
    if (kind === 'lose') this.store.values.delete(key);
    else if (kind === 'swap') this.store.set(key, this.store.values.get(this.pick(keys))!.bytes);
    else this.store.set(key, kind === 'half' ? bytes.slice(0, bytes.length / 2).buffer : bytes.buffer);
  }

  /** A key that is there answers with an earlier value of some key. */
  private goBack(): void {
    const there = this.old.filter(([key]) => this.store.values.has(key));
    if (there.length === 0) return;
    const [key, bytes] = this.pick(there);
    this.done.push(`go back ${key.slice(-25)}`);
    this.store.set(key, bytes);
  }

  /** The next access of the store fails. */
  private refuse(): void {
    const method = this.pick(['get', 'put'] as const);
    this.done.push(`refuse ${method}`);
    vi.spyOn(this.store, method).mockRejectedValueOnce(new Error('429 Too Many Requests'));
  }

  /** Another model, which may be the former one again; new isolates. */
  private deploy(): void {
    this.model = this.below(MODELS.length);
    this.done.push(`deploy model ${this.model}`);
    this.isolates.splice(0, 2, this.isolate(), this.isolate());
  }

  /** The shop says something of an item, in one of the isolates. */
  private async say(): Promise<void> {
    const [id] = this.below(2) === 0 ? [this.pick(NEW)] : this.films();
    const change = this.pick<ItemChange>([
      { kind: 'put', id, fields: { title: `Film ${this.below(5)}`, properties: { price: this.below(9) } } },
      { kind: 'patch', id, known: true, fields: { available: this.below(2) === 0 } },
      { kind: 'delete', id, known: true },
    ]);
    this.done.push(`say ${JSON.stringify(change)}`);
    const { version } = await this.shop.all();
    await new LiveCopy(this.shop, this.pick(this.copies)).change([change]);
    const now = await this.shop.all();
    if (now.version > version) this.said.set(now.version, now);
  }

  /** Every isolate reads what there is. */
  private async publish(): Promise<void> {
    this.published = await this.shop.all();
    this.done.push(`publish version ${this.published.version}`);
    for (const copy of this.copies) copy.offer(this.published);
  }

  private async remove(visitor: Visitor, user: string): Promise<void> {
    this.done.push(`remove ${user}`);
    await visitor.remove(user);
    this.truth.delete(user);
    await this.settle();
    const prefix = `state/${await sha256Hex(new TextEncoder().encode(user))}/`;
    expect([...this.store.values.keys()].filter((key) => key.startsWith(prefix))).toEqual([]);
    expect(await visitor.interactions(user)).toEqual([]);
  }

  /** Something is returned. A request that comes twice takes nothing else back. */
  private async takeBack(visitor: Visitor, user: string): Promise<void> {
    const { items } = await visitor.answer(200, 'GET', `${pathOf(user)}/interactions?limit=1000`);
    if (items.length === 0) return;
    const index = this.below(items.length);
    const { position } = items.toReversed()[index];
    this.done.push(`take back ${user} ${position}`);
    this.truth.set(user, this.historyOf(user).toSpliced(index, 1));
    for (const status of [204, 404]) {
      const path = `${pathOf(user)}/interactions/${position}`;
      expect((await visitor.request('DELETE', path)).status).toBe(status);
    }
  }

  private async merge(visitor: Visitor, user: string): Promise<void> {
    const from = this.pick(this.users);
    if (from === user) return;
    this.done.push(`merge ${from} into ${user}`);
    const merged = this.historyOf(from);
    this.add(user, merged);
    this.truth.delete(from);
    const answer = await visitor.answer(200, 'POST', `${pathOf(user)}/merge`, { from });
    expect(answer).toMatchObject({ merged: merged.length, length: this.historyOf(user).length });
  }

  private ask(visitor: Visitor, user: string, asked: Json): Promise<Json> {
    const { exclude, categories, ...single } = asked;
    const query = new URLSearchParams([
      ...Object.entries<string>(single),
      ...exclude.map((id: string) => ['exclude', id]),
      ...categories.map((name: string) => ['categories', name]),
    ]);
    return visitor.recommend(user, `?${query}`);
  }

  private async check(answer: Promise<Json>, histories: string[][], query: Json): Promise<void> {
    const { cache, ...answered } = await answer;
    const list = listed(answered);
    const { version } = list.catalogue;
    const possible = await Promise.all(histories.map((history) => this.expected(history, query, version)));
    const found = possible.find(({ items }) => JSON.stringify(items) === JSON.stringify(list.items));
    expect(list).toEqual(found ?? possible[0]);
    const { status, reused_items, prefilled_items } = cache;
    if (list.source === 'popular')
      expect(cache).toMatchObject({ status: 'miss', reused_items: 0, prefilled_items: 0 });
    else if (status === 'hit') expect(prefilled_items).toBe(0);
    else
      expect({ extended: reused_items > 0, prefilled: prefilled_items > 0 }).toEqual({
        extended: status === 'extended',
        prefilled: true,
      });
  }

  /** The answer to someone who brings the whole history to a model that remembers nothing. */
  private async expected(history: string[], query: object, version: number): Promise<Json> {
    const copy = { read: async () => ({ value: this.said.get(version)!, degraded: false }) };
    const live = new Live(copy, new MemoryPublished<CountsTable>());
    const model = await live.over(Promise.resolve(REFERENCES[this.model]));
    const events = history.map((item) => ({ item }));
    return listOf(await recommend(model, given(events), { ...queryFor(10), ...query }));
  }

  private isolate(): Visitor {
    const copy = new MemoryPublished<CatalogueSnapshot>();
    copy.offer(this.published);
    this.copies.push(copy);
    const catalogue = new LiveCopy(this.shop, copy);
    return new Visitor({ model: MODELS[this.model](), log: this.log, store: this.store, catalogue });
  }

  private historyOf(user: string): string[] {
    return this.truth.get(user) ?? [];
  }

  private add(user: string, films: string[]): void {
    this.truth.set(user, [...this.historyOf(user), ...films]);
  }

  private films(): string[] {
    const film = () => (this.below(6) === 0 ? this.pick(NEW) : String(1 + this.below(FILMS)));
    return Array.from({ length: 1 + this.below(4) }, film);
  }

  private query() {
    return {
      k: 1 + this.below(14),
      offset: this.below(3) === 0 ? this.below(6) : 0,
      exclude: this.below(3) === 0 ? this.films() : [],
      categories: this.below(3) === 0 ? [this.pick(['Comedy', 'Western', "Children's"])] : [],
      include_seen: this.below(2) === 0,
    };
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(choices: T[]): T {
    return choices[this.below(choices.length)];
  }
}

test.each([
  ['330 sequences over a log in memory', 330, 1, () => new MemoryLog()],
  ['10 sequences over the real log', 10, 1001, () => durableLog],
])('%s', async (_, count, firstSeed, makeLog) => {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const sequence = new Sequence(seed, makeLog());
    try {
      for (let step = 0; step < STEPS; step++) await sequence.step();
      await sequence.end();
    } catch (error) {
      const steps = sequence.done.map((step) => `\n  ${step}`).join('');
      throw new Error(`seed ${seed}:${steps}\n${(error as Error).message}`, { cause: error });
    }
  }
});
