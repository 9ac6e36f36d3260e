/**
 * Many users, two isolates and everything that goes wrong, beside plain arrays that say what is right. An
 * answer may be a 503; it may never be wrong. What was accepted is stored once, in its order, and nobody sees
 * anything of another user's or of a deleted one's.
 */

import { env } from 'cloudflare:workers';
import { Access } from '../../../worker/access/access.ts';
import { storedName } from '../../../worker/access/principal.ts';
import { sinceTraining } from '../../../worker/assembly.ts';
import { KvStore } from '../../../worker/cache/stores/kv.ts';
import { DurableLog } from '../../../worker/history/durable-log.ts';
import { logOf } from '../../../worker/history/epoch.ts';
import { seededRandom } from '../../fixtures/random.ts';
import type { fakeClock } from '../clock.ts';
import { type Json, serviceOf } from '../helpers.ts';
import { keyOf } from '../keys.ts';
import { type Ask, Client, type Isolate } from './client.ts';
import { findingsOf } from './exported.ts';
import { Faults, FaultyModel } from './faults.ts';
import { MODELS, People, REFERENCES } from './people.ts';
import { Platform } from './platform.ts';
import { Shop } from './shop.ts';

const USERS = 48;
const TENANTS = ['default', 'shop'];
const FAULT_RATE = 0.15;
/** Within this time a change is in every list. */
const BOUND_MS = 60_000;

type Clock = ReturnType<typeof fakeClock>;

export class World {
  readonly client: Client;
  private readonly random: () => number;
  private readonly faults: Faults;
  private readonly platform: Platform;
  private readonly shop: Shop;
  private readonly people: People;
  private readonly access: Access;

  private constructor(seed: number, keys: Record<string, string>, access: Access) {
    this.random = seededRandom(seed);
    this.faults = new Faults(seed, FAULT_RATE);
    this.platform = new Platform(`chaos-${seed}`, this.faults);
    this.client = new Client(keys, this.faults.counts);
    const stored = () => this.platform.object('CATALOGUE', 'catalogue').all();
    this.shop = new Shop(this.client, stored, (limit) => this.below(limit));
    this.access = access;
    const names = TENANTS.flatMap((tenant) =>
      Array.from({ length: USERS / 2 }, (_, index) => ({ tenant, id: `chaos-${seed}-${index}` })),
    );
    const users = names.map((name) => ({ ...name, films: [], old: [] }));
    this.people = new People(users, this.client, this.shop, (limit) => this.below(limit));
    this.deploy(0);
  }

  static async make(seed: number): Promise<World> {
    const scopes = ['read' as const, 'write' as const, 'delete' as const, 'admin' as const];
    const made = await Promise.all(TENANTS.map((tenant) => keyOf(tenant, { tenant, scopes })));
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
    this.people.model = model;
    this.client.isolates = [this.isolate(), this.isolate()];
  }

  /** A few users at the same time. Each does one thing after another, so it is known what is right. */
  async step(clock: Clock): Promise<void> {
    const busy = this.people.users.filter(() => this.random() < 0.3);
    const plans = busy.map((user) => ({ user, what: this.random(), isolate: this.below(2) }));
    const acts = plans.map(({ user, what, isolate }) => this.people.act(user, what, isolate));
    if (this.below(3) === 0) acts.push(this.change());
    if (this.below(60) === 0) acts.push(this.export(TENANTS[this.below(2)], this.below(2)).then(() => {}));
    if (this.below(20) === 0) acts.push(this.report(this.below(2)));
    await clock.until(Promise.all(acts));
    if (this.below(10) === 0) await clock.until(this.people.merge());
    if (this.below(20) === 0) this.client.isolates[this.below(2)] = this.isolate();
    await clock.pass(this.below(10) === 0 ? this.jump() : this.below(1500));
    await this.platform.pass();
    if (this.below(60) === 0) await this.calm(clock);
  }

  /** When nothing goes wrong any more, everything is as it should be. */
  async end(clock: Clock): Promise<void> {
    await this.calm(clock);
    this.faults.rate = 0;
    this.deploy(this.people.model);
    await clock.until(this.client.settled());
    while (this.platform.isSending) await this.platform.pass();
    for (const user of this.people.users) await clock.until(this.people.look(user, 0));
    for (const user of this.people.users) await clock.until(this.people.list(user, 1));
    for (const tenant of TENANTS) await clock.until(this.checkExport(tenant));
  }

  /** For as long as changes may take to be everywhere, nothing goes wrong. Then they are. */
  private async calm(clock: Clock): Promise<void> {
    this.faults.rate = 0;
    const { version } = this.shop;
    for (let waited = 0; waited < BOUND_MS; waited += 5000) {
      await clock.pass(5000);
      await this.platform.pass();
    }
    for (const isolate of [0, 1]) {
      const ask = { method: 'POST', path: '/v1/recommendations', body: { history: ['1'] } };
      const { status, body } = await clock.until(this.client.ask({ tenant: 'shop', isolate, ...ask }));
      const { catalogue } = body;
      if (status === 200 && catalogue.version === version && !catalogue.degraded) continue;
      this.client.wrong(`${status} ${JSON.stringify(catalogue)} a minute after version ${version}`);
    }
    this.faults.rate = FAULT_RATE;
  }

  private jump(): number {
    this.faults.counts.clock_jumped = (this.faults.counts.clock_jumped ?? 0) + 1;
    return 60_000;
  }

  private change(): Promise<void> {
    const trained = new Set(REFERENCES[this.people.model].catalogue.items!.map(({ id }) => id));
    return this.shop.act(TENANTS[this.below(2)], this.below(2), trained);
  }

  private async report(isolate: number): Promise<void> {
    const path = '/v1/outcomes';
    const { status, body } = await this.client.ask({ isolate, tenant: 'shop', method: 'GET', path });
    if (status === 503) return;
    const wrong = body.sums.find(({ judged, hits }: Json) => hits > judged);
    if (wrong) this.client.wrong(`more hits than lists: ${JSON.stringify(wrong)}`);
  }

  /** All records of the tenant's; null when the archive was away. Nothing in it is another tenant's. */
  private async export(tenant: string, isolate: number): Promise<Json[] | null> {
    const found: Json[] = [];
    for (let query: string | null = ''; query !== null; ) {
      const ask: Ask = { isolate, tenant, method: 'GET', path: `/v1/export${query}` };
      const { status, body } = await this.client.ask(ask);
      if (status === 503) return null;
      found.push(...body.records);
      query = body.next_cursor === null ? null : `?cursor=${encodeURIComponent(body.next_cursor)}`;
    }
    return found;
  }

  private async checkExport(tenant: string): Promise<void> {
    const log = new DurableLog(env.USERS);
    const own = this.people.users.filter((user) => user.tenant === tenant);
    const logs = own.map(async ({ id, films }) => {
      const { epoch } = await log.length(storedName(tenant, id));
      return { user: id, log: logOf(epoch), items: films };
    });
    const findings = findingsOf((await this.export(tenant, 0)) ?? [], await Promise.all(logs));
    for (const finding of findings) this.client.wrong(`${tenant} ${finding}`);
  }

  private isolate(): Isolate {
    const model = new FaultyModel(this.faults, MODELS[this.people.model]);
    const { access, platform } = this;
    const { waitUntil } = this.client;
    const log = new DurableLog(platform.bindings.USERS);
    const since = sinceTraining(platform.bindings, {
      log,
      waitUntil,
      meaning: async () => undefined,
      judged() {},
      covered() {},
    });
    const { archive, states } = platform;
    return serviceOf(() => model.load(), { ...since, store: new KvStore(states), access, archive }).app;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}
