/** Users who append, ask for lists, take back, merge and leave; beside arrays that say what is right. */
import type { CatalogueSnapshot } from '../../../worker/catalogue/snapshot.ts';
import { Live } from '../../../worker/live/live.ts';
import { MemoryPublished } from '../../../worker/live/memory-published.ts';
import { queryFor } from '../../../worker/recommend/query.ts';
import { recommend } from '../../../worker/recommend/recommend.ts';
import { given } from '../../../worker/recommend/states.ts';
import { FakeModel } from '../fake-model.ts';
import type { Json } from '../helpers.ts';
import { pathOf } from '../visitor.ts';
import type { Client } from './client.ts';
import { NEW_ITEMS, type Shop } from './shop.ts';

const FILMS = 15;
/** Keys are remembered for a day; those that are older than this are not tried again. */
const OLD_MS = 12 * 60 * 60 * 1000;

/** The models of the deployments; the second knows more films, and looks at more of them. */
export const MODELS = [
  {},
  {
    id: '1a7e41a7e41a7e41',
    titles: Array.from({ length: FILMS - 1 }, (_, index) => `Film ${index}`),
    window: 6,
  },
];
export const REFERENCES = MODELS.map((options) => new FakeModel(options));

export interface User {
  tenant: string;
  id: string;
  films: string[];
  /** Appends that may come again: before the user was deleted, or since. */
  old: { key: string; items: Json[]; erased: boolean; at: number }[];
}

export class People {
  readonly users: User[];
  /** The deployed model's place among `MODELS`. */
  model = 0;
  private readonly client: Client;
  private readonly shop: Shop;
  private readonly below: (limit: number) => number;
  private serial = 0;

  constructor(users: User[], client: Client, shop: Shop, below: (limit: number) => number) {
    this.users = users;
    this.client = client;
    this.shop = shop;
    this.below = below;
  }

  /** `what`, from 0 to 1, says what the user does. */
  act(user: User, what: number, isolate: number): Promise<void> {
    if (what < 0.3) return this.append(user, isolate);
    if (what < 0.65) return this.list(user, isolate);
    if (what < 0.75) return this.look(user, isolate);
    if (what < 0.8) return this.takeBack(user, isolate);
    if (what < 0.95) return this.repeat(user, isolate);
    return this.forget(user, isolate);
  }

  private async append(user: User, isolate: number): Promise<void> {
    const items = Array.from({ length: 1 + this.below(4) }, () => ({ id: this.film() }));
    const key = `key-${this.serial++}`;
    const withList = this.below(2) === 0;
    const path = `${pathOf(user.id)}/${withList ? 'recommendations' : 'interactions'}`;
    user.films.push(...items.map(({ id }) => id));
    user.old.push({ key, items, erased: false, at: Date.now() });
    const ask = { isolate, tenant: user.tenant, method: 'POST', path, body: { items }, key };
    const { status, body } = await this.client.insist(ask);
    if (withList) await this.checkList(user, status, body);
    else if (status !== 201 || body.length !== user.films.length) {
      this.client.outcome.lost_interactions++;
      const stored = `${body.length} of ${user.films.length} interactions`;
      this.client.findings.push(`${user.id}: ${status}, ${stored}`);
    }
  }

  /** A client that did not hear the answer sends an old request again. */
  private async repeat(user: User, isolate: number): Promise<void> {
    user.old = user.old.filter(({ at }) => Date.now() - at < OLD_MS);
    if (user.old.length === 0) return this.append(user, isolate);
    const { key, items, erased } = user.old[this.below(user.old.length)];
    const { tenant } = user;
    const path = `${pathOf(user.id)}/interactions`;
    const { status } = await this.client.insist({
      isolate,
      tenant,
      method: 'POST',
      path,
      body: { items },
      key,
    });
    if (status !== (erased ? 410 : 201)) {
      this.client.wrong(`${user.id}: a repeated request was answered ${status}`);
    }
  }

  async list(user: User, isolate: number): Promise<void> {
    const path = `${pathOf(user.id)}/recommendations?include_seen=${this.below(2) === 0}&k=12`;
    const { status, body } = await this.client.ask({ isolate, tenant: user.tenant, method: 'GET', path });
    if (status !== 503) await this.checkList(user, status, body, path.includes('true'), 12);
  }

  private async checkList(user: User, status: number, body: Json, includeSeen?: boolean, k = 10) {
    const snapshot = status === 200 ? this.shop.at(body.catalogue.version) : undefined;
    const about = `${user.tenant} ${user.id}: ${status}`;
    if (!snapshot) return this.client.wrong(`${about}, a list of no catalogue that ever was`);
    // What is trending depends on what was counted, whose items are those of the catalogue all the same.
    const isTrending = body.source === 'trending';
    const query = {
      ...queryFor(isTrending ? 100 : k),
      ...(includeSeen !== undefined && { include_seen: includeSeen }),
    };
    const events = user.films.map((item) => ({ item }));
    const model = await referenceOf(this.model, snapshot);
    const { items, source } = await recommend(model, given(events), query);
    const same = isTrending
      ? source === 'popular' && areAmong(body.items, items, k)
      : body.source === source && sameItems(body.items, items);
    if (!same) {
      this.client.wrong(`${about}, another list than of ${user.films} at version ${body.catalogue.version}`);
    }
    if (this.below(10) === 0) await this.tell(user.tenant, body.recommendation_id);
  }

  /** What was clicked in a list. It is counted later, or lost: a statistic. */
  private async tell(tenant: string, recommendation_id: string): Promise<void> {
    const body = { recommendation_id, clicked: ['1'] };
    const { status } = await this.client.ask({
      isolate: 0,
      tenant,
      method: 'POST',
      path: '/v1/events',
      body,
    });
    if (status !== 202 && status !== 503) this.client.wrong(`a click was answered ${status}`);
  }

  async look(user: User, isolate: number): Promise<void> {
    const found: string[] = [];
    for (let cursor = ''; cursor !== 'end'; ) {
      const path = `${pathOf(user.id)}/interactions?limit=1000${cursor}`;
      const { status, body } = await this.client.ask({ isolate, tenant: user.tenant, method: 'GET', path });
      if (status === 503) return;
      found.push(...body.items.map(({ id }: Json) => id));
      cursor = body.next_cursor === null ? 'end' : `&cursor=${body.next_cursor}`;
    }
    found.reverse();
    if (found.join() === user.films.join()) return;
    const { outcome } = this.client;
    if (found.length < user.films.length) outcome.lost_interactions += user.films.length - found.length;
    else outcome.leaks++;
    this.client.findings.push(`${user.tenant} ${user.id}: has ${found}, should have ${user.films}`);
  }

  private async forget(user: User, isolate: number): Promise<void> {
    const { tenant } = user;
    const { status } = await this.client.insist({ isolate, tenant, method: 'DELETE', path: pathOf(user.id) });
    if (status !== 204) this.client.wrong(`${user.id}: DELETE was answered ${status}`);
    user.films = [];
    for (const each of user.old) each.erased = true;
  }

  private async takeBack(user: User, isolate: number): Promise<void> {
    const path = `${pathOf(user.id)}/interactions`;
    const ask = { isolate, tenant: user.tenant };
    const { status, body } = await this.client.ask({ ...ask, method: 'GET', path: `${path}?limit=20` });
    if (status === 503 || body.items.length === 0) return;
    const index = this.below(body.items.length);
    const { position } = body.items[index];
    const answer = await this.client.insist({ ...ask, method: 'DELETE', path: `${path}/${position}` });
    // The answer to an earlier attempt may be lost; `look` sees what was taken back.
    if (![204, 404].includes(answer.status)) {
      this.client.wrong(`${user.id}: taking back was a ${answer.status}`);
    }
    user.films.splice(user.films.length - 1 - index, 1);
  }

  /** Two users become one, while neither does anything else. */
  async merge(): Promise<void> {
    const { users, client } = this;
    const [from, into] = [users[this.below(users.length)], users[this.below(users.length)]];
    if (from === into || from.tenant !== into.tenant) return;
    into.films.push(...from.films);
    Object.assign(from, { films: [], old: from.old.map((each) => ({ ...each, erased: true })) });
    const ask = { isolate: this.below(2), tenant: into.tenant, method: 'POST' };
    const path = `${pathOf(into.id)}/merge`;
    const { status, body } = await client.insist({ ...ask, path, body: { from: from.id } });
    if (status !== 200 || body.length !== into.films.length) {
      client.wrong(`${from.id} into ${into.id}: ${status}, ${body.length} of ${into.films.length}`);
    }
  }

  private film(): string {
    const film = this.below(FILMS + NEW_ITEMS.length);
    return film < FILMS ? String(1 + film) : NEW_ITEMS[film - FILMS];
  }
}

const extended = new WeakMap<CatalogueSnapshot, Map<number, ReturnType<Live['over']>>>();

/** The model with this catalogue, which no isolate and no cache has touched. */
function referenceOf(model: number, snapshot: CatalogueSnapshot): ReturnType<Live['over']> {
  const made = extended.get(snapshot) ?? new Map<number, ReturnType<Live['over']>>();
  extended.set(snapshot, made);
  const copy = { read: async () => ({ value: snapshot, degraded: false }) };
  const reference =
    made.get(model) ?? new Live(copy, new MemoryPublished()).over(Promise.resolve(REFERENCES[model]));
  made.set(model, reference);
  return reference;
}

function sameItems(a: Json[], b: Json[]): boolean {
  const text = (list: Json[]) => list.map(({ id, score, rank }) => `${id} ${score} ${rank}`).join();
  return text(a) === text(b);
}

/** The first `k` of these, in any order. */
function areAmong(some: Json[], all: Json[], k: number): boolean {
  const ids = new Set(all.map(({ id }) => id));
  const distinct = new Set(some.map(({ id }) => id));
  return (
    some.length === Math.min(k, all.length) &&
    distinct.size === some.length &&
    some.every(({ id }) => ids.has(id))
  );
}
