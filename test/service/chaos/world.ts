/**
 * Many users, two isolates and everything that goes wrong, beside plain arrays that say what is right. An
 * answer may be a 503; it may never be wrong. What was accepted is stored once, in its order, and nobody sees
 * anything of another user's or of a deleted one's.
 */

import { env } from 'cloudflare:workers';
import type { ChaosResult } from '../../../scripts/verify/chaos-result.ts';
import { Access } from '../../../worker/access/access.ts';
import { KvStore } from '../../../worker/cache/stores/kv.ts';
import { DurableLog } from '../../../worker/history/durable-log.ts';
import { queryFor } from '../../../worker/recommend/query.ts';
import { recommend } from '../../../worker/recommend/recommend.ts';
import { given } from '../../../worker/recommend/states.ts';
import { seededRandom } from '../../fixtures/random.ts';
import type { fakeClock } from '../clock.ts';
import { FakeModel } from '../fake-model.ts';
import { type Json, serviceOf } from '../helpers.ts';
import { bearing, keyOf } from '../keys.ts';
import { pathOf } from '../visitor.ts';
import { Faults, FaultyModel, faultyKv, faultyObjects } from './faults.ts';

const FILMS = 15;
const USERS = 12;
const TENANTS = ['default', 'shop'];
/** At most so often a request is sent again. */
const PATIENCE = 200;
/** Keys are remembered for a day; those that are older than this are not tried again. */
const OLD_MS = 12 * 60 * 60 * 1000;

/** The models of the deployments; the second knows more films, and looks at more of them. */
const MODELS = [
  {},
  {
    id: '1a7e41a7e41a7e41',
    titles: Array.from({ length: FILMS - 1 }, (_, index) => `Film ${index}`),
    window: 6,
  },
];
const REFERENCES = MODELS.map((options) => new FakeModel(options));

interface User {
  tenant: string;
  id: string;
  films: string[];
  /** Appends that may come again: before the user was deleted, or since. */
  old: { key: string; items: Json[]; erased: boolean; at: number }[];
}

type Isolate = ReturnType<typeof serviceOf>['app'];

export class World {
  readonly outcome: ChaosResult;
  /** What was wrong, for people. */
  readonly findings: string[] = [];
  private readonly random: () => number;
  private readonly faults: Faults;
  private readonly log: DurableLog;
  private readonly store: KvStore;
  private readonly users: User[];
  private readonly keys: Record<string, string>;
  private readonly access: Access;
  private isolates: Isolate[] = [];
  private model = 0;
  private later: Promise<unknown>[] = [];
  private serial = 0;

  private constructor(seed: number, keys: Record<string, string>, access: Access) {
    this.random = seededRandom(seed);
    this.faults = new Faults(seed, 0.15);
    this.log = new DurableLog(faultyObjects(env.USERS, this.faults));
    this.store = new KvStore(faultyKv(env.STATES, this.faults));
    this.keys = keys;
    this.access = access;
    const names = TENANTS.flatMap((tenant) =>
      Array.from({ length: USERS / 2 }, (_, index) => ({ tenant, id: `chaos-${seed}-${index}` })),
    );
    this.users = names.map((name) => ({ ...name, films: [], old: [] }));
    const none = { wrong_answers: 0, lost_interactions: 0, leaks: 0, unavailable: 0 };
    this.outcome = { operations: 0, faults: this.faults.counts, ...none };
    this.deploy(0);
  }

  static async make(seed: number): Promise<World> {
    const made = await Promise.all(
      TENANTS.map((tenant) => keyOf(tenant, { tenant, scopes: ['read', 'write', 'delete'] })),
    );
    const access = new Access({
      ACCESS: 'keys',
      EXPOSE: '',
      API_KEYS: JSON.stringify(made.map(({ record }) => record)),
    });
    const keys = Object.fromEntries(TENANTS.map((tenant, index) => [tenant, made[index].key]));
    return new World(seed, keys, access);
  }

  /** New isolates with this model. */
  deploy(model: number): void {
    this.model = model;
    this.isolates = [this.isolate(), this.isolate()];
  }

  /** A few users at the same time. Each does one thing after another, so it is known what is right. */
  async step(clock: ReturnType<typeof fakeClock>): Promise<void> {
    const busy = this.users.filter(() => this.random() < 0.3);
    const plans = busy.map((user) => ({ user, what: this.random(), isolate: this.below(2) }));
    await clock.until(Promise.all(plans.map(({ user, what, isolate }) => this.act(user, what, isolate))));
    if (this.below(10) === 0) await clock.until(this.merge());
    if (this.below(20) === 0) this.isolates[this.below(2)] = this.isolate();
    await clock.pass(this.below(10) === 0 ? this.jump() : this.below(1500));
  }

  /** When nothing goes wrong any more, everything is as it should be. */
  async end(clock: ReturnType<typeof fakeClock>): Promise<void> {
    this.faults.rate = 0;
    this.deploy(this.model);
    await clock.until(Promise.allSettled(this.later));
    for (const user of this.users) await clock.until(this.look(user, 0));
    for (const user of this.users) await clock.until(this.list(user, 1));
  }

  private jump(): number {
    this.faults.counts.clock_jumped = (this.faults.counts.clock_jumped ?? 0) + 1;
    return 60_000;
  }

  private act(user: User, what: number, isolate: number): Promise<void> {
    if (what < 0.3) return this.append(user, isolate);
    if (what < 0.65) return this.list(user, isolate);
    if (what < 0.75) return this.look(user, isolate);
    if (what < 0.8) return this.takeBack(user, isolate);
    if (what < 0.95) return this.repeat(user, isolate);
    return this.forget(user, isolate);
  }

  private async append(user: User, isolate: number): Promise<void> {
    const items = Array.from({ length: 1 + this.below(4) }, () => ({ id: String(1 + this.below(FILMS)) }));
    const key = `key-${this.serial++}`;
    const withList = this.below(2) === 0;
    const path = `${pathOf(user.id)}/${withList ? 'recommendations' : 'interactions'}`;
    user.films.push(...items.map(({ id }) => id));
    user.old.push({ key, items, erased: false, at: Date.now() });
    const { status, body } = await this.insist(user, isolate, 'POST', path, { items }, key);
    if (withList) await this.checkList(user, status, body);
    else if (status !== 201 || body.length !== user.films.length) {
      this.outcome.lost_interactions++;
      this.findings.push(`${user.id}: ${status}, ${body.length} of ${user.films.length} interactions`);
    }
  }

  /** A client that did not hear the answer sends an old request again. */
  private async repeat(user: User, isolate: number): Promise<void> {
    const recent = user.old.filter(({ at }) => Date.now() - at < OLD_MS);
    if (recent.length === 0) return this.append(user, isolate);
    const { key, items, erased } = recent[this.below(recent.length)];
    const path = `${pathOf(user.id)}/interactions`;
    const { status } = await this.insist(user, isolate, 'POST', path, { items }, key);
    if (status !== (erased ? 410 : 201)) this.wrong(`${user.id}: a repeated request was answered ${status}`);
  }

  private async list(user: User, isolate: number): Promise<void> {
    const path = `${pathOf(user.id)}/recommendations?include_seen=${this.below(2) === 0}&k=12`;
    const { status, body } = await this.ask(user, isolate, 'GET', path);
    if (status !== 503) await this.checkList(user, status, body, path.includes('true'), 12);
  }

  private async checkList(user: User, status: number, body: Json, includeSeen?: boolean, k = 10) {
    const query = { ...queryFor(k), ...(includeSeen !== undefined && { include_seen: includeSeen }) };
    const events = user.films.map((item) => ({ item }));
    const { items, source } = await recommend(REFERENCES[this.model], given(events), query);
    const same = status === 200 && body.source === source && sameItems(body.items, items);
    if (!same) this.wrong(`${user.tenant} ${user.id}: ${status}, another list than of ${user.films}`);
  }

  private async look(user: User, isolate: number): Promise<void> {
    const found: string[] = [];
    for (let cursor = ''; cursor !== 'end'; ) {
      const path = `${pathOf(user.id)}/interactions?limit=1000${cursor}`;
      const { status, body } = await this.ask(user, isolate, 'GET', path);
      if (status === 503) return;
      found.push(...body.items.map(({ id }: Json) => id));
      cursor = body.next_cursor === null ? 'end' : `&cursor=${body.next_cursor}`;
    }
    found.reverse();
    if (found.join() === user.films.join()) return;
    if (found.length < user.films.length) this.outcome.lost_interactions += user.films.length - found.length;
    else this.outcome.leaks++;
    this.findings.push(`${user.tenant} ${user.id}: has ${found}, should have ${user.films}`);
  }

  private async forget(user: User, isolate: number): Promise<void> {
    const { status } = await this.insist(user, isolate, 'DELETE', pathOf(user.id));
    if (status !== 204) this.wrong(`${user.id}: DELETE was answered ${status}`);
    user.films = [];
    for (const each of user.old) each.erased = true;
  }

  private async takeBack(user: User, isolate: number): Promise<void> {
    const { status, body } = await this.ask(user, isolate, 'GET', `${pathOf(user.id)}/interactions?limit=20`);
    if (status === 503 || body.items.length === 0) return;
    const index = this.below(body.items.length);
    const path = `${pathOf(user.id)}/interactions/${body.items[index].position}`;
    const answer = await this.insist(user, isolate, 'DELETE', path);
    // The answer to an earlier attempt may be lost; `look` sees what was taken back.
    if (![204, 404].includes(answer.status)) this.wrong(`${user.id}: taking back was a ${answer.status}`);
    user.films.splice(user.films.length - 1 - index, 1);
  }

  /** Two users become one, while neither does anything else. */
  private async merge(): Promise<void> {
    const [from, into] = [this.users[this.below(USERS)], this.users[this.below(USERS)]];
    if (from === into || from.tenant !== into.tenant) return;
    into.films.push(...from.films);
    Object.assign(from, { films: [], old: from.old.map((each) => ({ ...each, erased: true })) });
    const path = `${pathOf(into.id)}/merge`;
    const { status, body } = await this.insist(into, this.below(2), 'POST', path, { from: from.id });
    if (status !== 200 || body.length !== into.films.length) {
      this.wrong(`${from.id} into ${into.id}: ${status}, ${body.length} of ${into.films.length}`);
    }
  }

  /** Sends a request again, through either isolate, until it is answered. */
  private async insist(user: User, isolate: number, ...request: [string, string, Json?, string?]) {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.ask(user, (isolate + attempt) % 2, ...request);
      if (answer.status !== 503 || attempt === PATIENCE) return answer;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  private async ask(
    user: User,
    isolate: number,
    method: string,
    path: string,
    body?: Json,
    key?: string,
  ): Promise<{ status: number; body: Json }> {
    const headers = {
      ...bearing(this.keys[user.tenant]),
      ...(body && { 'Content-Type': 'application/json' }),
      ...(key && { 'Idempotency-Key': key }),
    };
    const context = { waitUntil: (work: Promise<unknown>) => void this.later.push(work), props: {} };
    const init = { method, headers, body: body && JSON.stringify(body) };
    const app = this.isolates[isolate];
    const response = await app.request(path, init, {}, context as unknown as ExecutionContext);
    this.outcome.operations++;
    if (response.status === 503) this.outcome.unavailable++;
    if (response.status === 500) this.wrong(`${method} ${path}: 500`);
    return { status: response.status, body: response.status === 204 ? null : await response.json() };
  }

  private wrong(finding: string): void {
    this.outcome.wrong_answers++;
    this.findings.push(finding);
  }

  private isolate(): Isolate {
    const model = new FaultyModel(this.faults, MODELS[this.model]);
    const { log, store, access } = this;
    return serviceOf(() => model.load(), { log, store, access }).app;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

function sameItems(a: Json[], b: Json[]): boolean {
  const text = (list: Json[]) => list.map(({ id, score, rank }) => `${id} ${score} ${rank}`).join();
  return text(a) === text(b);
}
