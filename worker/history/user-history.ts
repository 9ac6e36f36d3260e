import { DurableObject } from 'cloudflare:workers';
import { OUTBOX_MS, Outbox, type OutboxQueue } from '../outbox/outbox.ts';
import { judged, type Served } from '../outcomes/served.ts';
import { sameDigest } from './chain.ts';
import { logOf } from './epoch.ts';
import type { Event } from './event.ts';
import type { Once } from './idempotency.ts';
import {
  type Appended,
  EVENTS_BEFORE,
  type Head,
  type Kept,
  type Known,
  type LogPage,
  type Merged,
  type Place,
  type Seen,
  type Stretch,
  TAIL_EVENTS,
  type Tail,
} from './log.ts';
import { type Handed, handOver, hasMore, isLeaving, takeIn } from './merge.ts';
import { Newest } from './newest.ts';
import { apart, newestEvents, pageOf } from './reading.ts';
import { isErased, KEY_MEMORY_MS, recentKeys } from './recent-keys.ts';
import { dropExcess, dropOld, type Retention, retentionOf } from './retention.ts';
import { appendEvents, createTables, exists, migrate, tablesOf } from './schema.ts';
import { itemsOf, judgeServed, keepServed } from './served-list.ts';
import { takeBack } from './take-back.ts';

/** How often events that are too old are looked for. */
const RETENTION_INTERVAL_MS = 24 * 60 * 60 * 1000;

/**
 * One user's log in SQLite. Writes are durable before the caller gets its answer (output gate:
 * https://developers.cloudflare.com/durable-objects/reference/in-memory-state/), and an object runs one call
 * at a time, so appends are ordered and none is lost.
 */
export class UserHistory extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;
  private readonly retention: Retention = retentionOf(this.env);
  /** Only where the deployment exports what is stored. */
  private readonly outbox = this.openOutbox();
  /** Of the next alarm, as far as this instance has set it. */
  private alarmAt = Infinity;
  private readonly newest = new Newest(this.sql);

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.blockConcurrencyWhile(async () => {
      const head = await migrate(this.ctx.storage);
      if (head) this.newest.note(head);
      await this.planRetention();
    });
  }

  append(events: Event[], once?: Once, seen?: Seen): Appended {
    const appended = this.store(events, once, seen);
    if (appended.outcome === 'added') this.export();
    return appended;
  }

  private store(events: Event[], once?: Once, seen?: Seen): Appended {
    let after: Parameters<Newest['note']> | undefined;
    const appended = this.change((): Appended => {
      const now = Date.now();
      if (once && isErased(this.sql, once.key)) return { length: 0, outcome: 'erased' };
      if (!this.isBegun()) this.create();
      if (once) {
        this.sql.exec('DELETE FROM append WHERE at < ?', now - KEY_MEMORY_MS);
        const [known] = this.sql.exec('SELECT content, length FROM append WHERE key = ?', once.key).toArray();
        if (known) {
          const outcome = known.content === once.content ? 'repeated' : 'conflict';
          return { length: Number(known.length), outcome };
        }
      }
      const { head } = this.newest;
      const preceding = apart(this.newest.events(EVENTS_BEFORE)).events;
      const { head: longer, added } = appendEvents(this.sql, events, head);
      const length = dropExcess(this.sql, this.retention, longer.total - longer.dropped);
      after = [{ ...longer, dropped: longer.total - length }, [...this.newest.known, ...added]];
      if (once) {
        this.sql.exec('INSERT INTO append VALUES (?, ?, ?, ?)', once.key, once.content, length, now);
      }
      const judged = judgeServed(this.sql, events, head, seen);
      return { length, outcome: 'added', preceding, ...(judged && { judged }) };
    });
    if (after) this.newest.note(...after);
    return appended;
  }

  /** The newest events, whatever the log's length. Not `tail`: Workers have a handler of that name. */
  readTail(known?: Known): Tail {
    return this.newest.tail(known);
  }

  appendAndTail(
    events: Event[],
    once?: Once,
    known?: Known,
    seen?: Seen,
  ): Omit<Appended, 'length'> & { tail: Tail } {
    const { length: _, ...appended } = this.append(events, once, seen);
    return { ...appended, tail: this.readTail(known) };
  }

  takeBack({ position, log }: Place): 'taken_back' | 'unknown' | 'leaving' {
    const { epoch } = this.newest.head;
    if (epoch === '' || !epoch.startsWith(log)) return 'unknown';
    if (isLeaving(this.sql)) return 'leaving';
    const isRemoved = this.change(() => {
      const isRemoved = takeBack(this.sql, position);
      if (isRemoved) this.outbox?.noteTakenBack(position);
      return isRemoved;
    });
    if (isRemoved) this.export();
    return isRemoved ? 'taken_back' : 'unknown';
  }

  /** Events after this position, for the log of `target` alone. */
  handOver(target: string, after: number): Handed {
    return this.isBegun() ? handOver(this.sql, target, after) : { outcome: 'gone', log: '', events: [] };
  }

  /** Takes in a part of another log. */
  takeIn(handed: Handed): Merged & { outcome: 'added' | 'erased' } {
    if (isErased(this.sql, handed.log)) return { outcome: 'erased', merged: 0, length: 0 };
    const merged = this.change(() => {
      if (!this.isBegun()) this.create();
      const head = this.newest.head;
      const merged = takeIn(this.sql, handed, head);
      dropExcess(this.sql, this.retention, head.total + merged - head.dropped);
      return merged;
    });
    if (merged > 0) this.export();
    return { outcome: 'added', merged, length: this.length().length };
  }

  /** Deletes the log of this name, unless it has events after the position. Returns whether it is gone. */
  async leave(log: string, position: number): Promise<boolean> {
    if (this.name() !== log) return true;
    if (hasMore(this.sql, position)) return false;
    await this.clear(); // at once: no append comes between the look and the deletion
    return true;
  }

  /** Keeps the list that the user saw last. Workers of older code don't say of which log it was made. */
  serve(served: Served, { epoch, total }: Pick<Head, 'epoch' | 'total'> = this.newest.head): Kept {
    const head = this.newest.head;
    if (epoch !== head.epoch || epoch === '') return { epoch: head.epoch };
    if (total < head.total) {
      const taken = this.newest.events(Math.min(head.total - total, TAIL_EVENTS));
      return { epoch, judged: judged(served, itemsOf(apart(taken).events)) };
    }
    keepServed(this.sql, served, { epoch, total });
    return { epoch };
  }

  stretch({ epoch, total, digest }: Head, after: number, proof: number): Stretch | null {
    const head = this.newest.head;
    if (head.epoch !== epoch || head.total < total || after < head.dropped) return null;
    const { events, digests } = apart(newestEvents(this.sql, total - after, head.total - total));
    if (!sameDigest(digests.at(-1) ?? null, digest)) return null;
    return { events, proof: digests[proof - after - 1] ?? null };
  }

  /**
   * All items, oldest first: what Workers of older code ask for while a deployment is gradual. Remove it when
   * none are left.
   */
  read(): { epoch: string; items: string[] } {
    const { epoch } = this.newest.head;
    if (epoch === '') return { epoch, items: [] };
    const rows = this.sql.exec('SELECT item FROM interaction ORDER BY position').raw<[string]>();
    return { epoch, items: [...rows].map(([item]) => item) };
  }

  page(limit: number, before: number | null): LogPage {
    const { epoch } = this.newest.head;
    return epoch === '' ? { epoch, events: [], next: null } : { epoch, ...pageOf(this.sql, limit, before) };
  }

  length(): { epoch: string; length: number } {
    const { epoch, total, dropped } = this.newest.head;
    return { epoch, length: total - dropped };
  }

  /**
   * Deletes everything but the digests of recent idempotency keys, which go a day later: a late retry of an
   * old request must not bring the user back.
   */
  async clear(): Promise<void> {
    const keys = [...recentKeys(this.sql, 'append', 'merged', 'erased')];
    const { epoch } = this.newest.head;
    const leaves = this.outbox !== undefined && (epoch !== '' || exists(this.sql, 'erasure'));
    if (keys.length === 0 && !leaves) return this.deleteAll();
    // Every cursor is read to its end, here and elsewhere: an open one would lock its table.
    this.change(() => {
      for (const name of tablesOf(this.sql)) if (name !== 'erasure') this.sql.exec(`DROP TABLE ${name}`);
      if (keys.length > 0) this.sql.exec('CREATE TABLE erased (key TEXT PRIMARY KEY, at INTEGER NOT NULL)');
      for (const [key, at] of keys) this.sql.exec('INSERT INTO erased VALUES (?, ?)', key, at);
      if (epoch !== '') this.outbox?.noteErased(logOf(epoch));
    });
    this.planAlarm(KEY_MEMORY_MS);
    if (leaves) this.export();
  }

  /**
   * Sends what has not left yet, removes events that are too old, and forgets the keys of a deleted user:
   * with them goes the last trace, unless the user has come back.
   */
  override async alarm(): Promise<void> {
    this.alarmAt = Infinity;
    const hasLeft = (await this.outbox?.drain(() => this.name())) ?? true;
    const left = this.isBegun() && this.change(() => dropOld(this.sql, this.retention));
    const keys = [...recentKeys(this.sql, 'erased')];
    if (keys.length === 0 && exists(this.sql, 'erased')) this.sql.exec('DROP TABLE erased');
    if (!hasLeft) this.planAlarm(OUTBOX_MS);
    else if (keys.length > 0 || (left && this.retention.age)) this.planAlarm(RETENTION_INTERVAL_MS);
    else if (!this.isBegun()) await this.deleteAll();
  }

  private async deleteAll(): Promise<void> {
    this.alarmAt = Infinity; // what was planned meanwhile goes as well
    this.newest.forget();
    await this.ctx.storage.deleteAll();
    this.newest.forget();
  }

  /** After the answer, and again by an alarm until all has left. */
  private export(): void {
    if (!this.outbox) return;
    this.planAlarm(OUTBOX_MS); // in the same write as the events: an object may end at any time
    this.ctx.waitUntil(this.outbox.drain(() => this.name()));
  }

  /** An alarm within this time, unless this instance has set an earlier one: that plans what is later. */
  private planAlarm(ms: number): void {
    const now = Date.now();
    const at = now + ms;
    if (this.alarmAt > now && at >= this.alarmAt) return;
    this.alarmAt = at;
    this.ctx.storage.setAlarm(at);
  }

  private openOutbox(): Outbox | undefined {
    const { OUTBOX } = this.env as Env & { OUTBOX?: OutboxQueue };
    const { name } = this.ctx.id;
    return OUTBOX && name !== undefined ? new Outbox(this.ctx.storage, OUTBOX, name) : undefined;
  }

  /** Where events have an age, an alarm will come. */
  private async planRetention(): Promise<void> {
    if (!this.retention.age || !exists(this.sql)) return;
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + RETENTION_INTERVAL_MS);
  }

  private create(): void {
    createTables(this.sql);
    this.newest.forget();
    this.ctx.waitUntil(this.planRetention());
  }

  private name(): string {
    return logOf(this.newest.head.epoch);
  }

  private isBegun(): boolean {
    return this.newest.head.epoch !== '';
  }

  /** All of a change or nothing of it. */
  private change<T>(make: () => T): T {
    try {
      return this.ctx.storage.transactionSync(make);
    } finally {
      this.newest.forget();
    }
  }
}
