import { judged, type Served } from '../outcomes/served.ts';
import { CHAIN_START, chained, sameDigest } from './chain.ts';
import type { Event } from './event.ts';
import { onceOf } from './idempotency.ts';
import {
  type Appended,
  type AppendedTail,
  type Head,
  type HistoryLog,
  IdempotencyConflict,
  type LogPage,
  type Stretch,
  TAIL_EVENTS,
  type Tail,
  UserErased,
} from './log.ts';

interface UserLog {
  epoch: string;
  events: Event[];
  /** The chain digest of each event. */
  digests: Uint8Array[];
  keys: Map<string, { content: string; length: number }>;
  served?: Served;
}

const nobody = (epoch: string = crypto.randomUUID()): UserLog => ({
  epoch,
  events: [],
  digests: [],
  keys: new Map(),
});

/**
 * Logs in memory: the shortest code that keeps a log's promises, for examples, tests, and a browser's
 * visitor. Keys never expire.
 */
export class MemoryLog implements HistoryLog {
  readonly users = new Map<string, UserLog>();
  /** Keys that were used before a user was deleted. */
  private readonly erased = new Map<string, Set<string>>();

  async append(user: string, events: Event[], key?: string): Promise<Appended> {
    const once = key === undefined ? undefined : await onceOf(key, events);
    if (once && this.erased.get(user)?.has(once.key)) throw new UserErased('the user was deleted');
    const log = this.users.get(user) ?? nobody();
    this.users.set(user, log);
    const before = once && log.keys.get(once.key);
    if (before && before.content !== once.content) throw new IdempotencyConflict('other events');
    if (before) return { length: before.length, outcome: 'repeated' };
    add(log, events);
    const { length } = log.events;
    if (once) log.keys.set(once.key, { content: once.content, length });
    const { served } = log;
    delete log.served;
    const taken = events.map(({ item }) => item);
    return { length, outcome: 'added', ...(served && { judged: judged(served, taken) }) };
  }

  /** Sets a log that is kept elsewhere: all its events, oldest first. */
  replace(user: string, epoch: string, events: Event[]): void {
    const log = nobody(epoch);
    add(log, events);
    this.users.set(user, log);
  }

  async tail(user: string): Promise<Tail> {
    const { epoch, events, digests } = this.users.get(user) ?? nobody('');
    return {
      epoch,
      total: events.length,
      dropped: 0,
      digest: digests.at(-1) ?? null,
      events: events.slice(-TAIL_EVENTS),
      digests: digests.slice(-TAIL_EVENTS),
    };
  }

  async appendAndTail(user: string, events: Event[], key?: string): Promise<AppendedTail> {
    const { outcome, judged } = await this.append(user, events, key);
    return { ...(await this.tail(user)), outcome, ...(judged && { judged }) };
  }

  async stretch(user: string, { epoch, total, digest }: Head, after: number, proof: number) {
    const log = this.users.get(user);
    if (log?.epoch !== epoch || !sameDigest(log.digests[total - 1] ?? null, digest)) return null;
    const inside = proof > after && proof <= total;
    const stretch: Stretch = {
      events: log.events.slice(after, total),
      proof: inside ? log.digests[proof - 1] : null,
    };
    return stretch;
  }

  async page(user: string, limit: number, before: number | null): Promise<LogPage> {
    const events = (this.users.get(user)?.events ?? []).map((event, index) => ({
      ...event,
      position: index + 1,
    }));
    const older = events.filter(({ position }) => position < (before ?? Infinity)).reverse();
    return { events: older.slice(0, limit), next: older.length > limit ? older[limit - 1].position : null };
  }

  async serve(user: string, served: Served): Promise<void> {
    const log = this.users.get(user);
    if (log) log.served = served;
  }

  async length(user: string): Promise<{ epoch: string; length: number }> {
    const { epoch, total } = await this.tail(user);
    return { epoch, length: total };
  }

  async clear(user: string): Promise<void> {
    const keys = this.users.get(user)?.keys.keys() ?? [];
    this.erased.set(user, new Set([...(this.erased.get(user) ?? []), ...keys]));
    this.users.delete(user);
  }
}

function add({ events, digests }: UserLog, added: Event[]): void {
  for (const event of added) {
    events.push(event);
    digests.push(chained(digests.at(-1) ?? CHAIN_START, event));
  }
}
