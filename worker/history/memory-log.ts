import type { Event } from './event.ts';
import { onceOf } from './idempotency.ts';
import {
  type Appended,
  type HistoryLog,
  IdempotencyConflict,
  type LogPage,
  type Snapshot,
  UserErased,
} from './log.ts';

interface UserLog {
  epoch: string;
  events: Event[];
  keys: Map<string, { content: string; length: number }>;
}

/**
 * Logs in memory: the shortest code that keeps a log's promises, for examples and tests. Keys never expire.
 */
export class MemoryLog implements HistoryLog {
  readonly users = new Map<string, UserLog>();
  /** Keys that were used before a user was deleted. */
  private readonly erased = new Map<string, Set<string>>();

  async append(user: string, events: Event[], key?: string): Promise<Appended> {
    const once = key === undefined ? undefined : await onceOf(key, events);
    if (once && this.erased.get(user)?.has(once.key)) throw new UserErased('the user was deleted');
    const log: UserLog = this.users.get(user) ?? { epoch: crypto.randomUUID(), events: [], keys: new Map() };
    this.users.set(user, log);
    const before = once && log.keys.get(once.key);
    if (before && before.content !== once.content) throw new IdempotencyConflict('other events');
    if (before) return { length: before.length, outcome: 'repeated' };
    log.events.push(...events);
    const { length } = log.events;
    if (once) log.keys.set(once.key, { content: once.content, length });
    return { length, outcome: 'added' };
  }

  async read(user: string): Promise<Snapshot> {
    const log = this.users.get(user);
    return { epoch: log?.epoch ?? '', events: (log?.events ?? []).map(({ item }) => ({ item })) };
  }

  async page(user: string, limit: number, before: number | null): Promise<LogPage> {
    const events = (this.users.get(user)?.events ?? []).map((event, index) => ({
      ...event,
      position: index + 1,
    }));
    const older = events.filter(({ position }) => position < (before ?? Infinity)).reverse();
    return { events: older.slice(0, limit), next: older.length > limit ? older[limit - 1].position : null };
  }

  async length(user: string): Promise<{ epoch: string; length: number }> {
    const { epoch, events } = await this.read(user);
    return { epoch, length: events.length };
  }

  async clear(user: string): Promise<void> {
    const keys = this.users.get(user)?.keys.keys() ?? [];
    this.erased.set(user, new Set([...(this.erased.get(user) ?? []), ...keys]));
    this.users.delete(user);
  }
}
