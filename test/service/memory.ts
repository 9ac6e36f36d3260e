/** The user's log and the store of states, in memory: the shortest code that does what the real ones promise. */
import type { StateInfo, StateStore } from '../../worker/cache/state-store.ts';
import {
  type Appended,
  type HistoryLog,
  IdempotencyConflict,
  type Interaction,
  type LogPage,
  type Snapshot,
} from '../../worker/history/log.ts';

interface UserLog {
  epoch: string;
  items: Interaction[];
  keys: Map<string, { content: string; length: number }>;
}

export class MemoryLog implements HistoryLog {
  readonly users = new Map<string, UserLog>();

  async append(user: string, items: Interaction[], key?: string): Promise<Appended> {
    const known = this.users.get(user);
    const log: UserLog = known ?? { epoch: crypto.randomUUID(), items: [], keys: new Map() };
    this.users.set(user, log);
    const content = JSON.stringify(items);
    const before = key === undefined ? undefined : log.keys.get(key);
    if (before && before.content !== content) throw new IdempotencyConflict('other items');
    if (before) return { length: before.length, outcome: 'repeated' };
    log.items.push(...items);
    const { length } = log.items;
    if (key !== undefined) log.keys.set(key, { content, length });
    return { length, outcome: 'added' };
  }

  async read(user: string): Promise<Snapshot> {
    const log = this.users.get(user);
    return { epoch: log?.epoch ?? '', items: (log?.items ?? []).map(({ id }) => id) };
  }

  async page(user: string, limit: number, before: number | null): Promise<LogPage> {
    const items = (this.users.get(user)?.items ?? []).map((item, index) => ({
      ...item,
      position: index + 1,
    }));
    const older = items.filter(({ position }) => position < (before ?? Infinity)).reverse();
    return { items: older.slice(0, limit), next: older.length > limit ? older[limit - 1].position : null };
  }

  async length(user: string): Promise<{ epoch: string; length: number }> {
    const { epoch, items } = await this.read(user);
    return { epoch, length: items.length };
  }

  async clear(user: string): Promise<void> {
    this.users.delete(user);
  }
}

/** Keeps copies, so that nobody's later changes reach what was stored. */
export class MemoryStore implements StateStore {
  readonly values = new Map<string, { bytes: ArrayBuffer; info: StateInfo }>();
  /** When something was written, by the clock that tests turn. */
  readonly writes: { key: string; items: number; at: number }[] = [];

  async get(key: string): Promise<ArrayBuffer | null> {
    return this.values.get(key)?.bytes.slice(0) ?? null;
  }

  async put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    this.writes.push({ key, items, at: Date.now() });
    this.set(key, value.slice(0), items);
  }

  async describe(key: string): Promise<StateInfo | null> {
    return this.values.get(key)?.info ?? null;
  }

  async deleteAll(prefix: string): Promise<void> {
    for (const key of this.values.keys()) if (key.startsWith(prefix)) this.values.delete(key);
  }

  /** As a fault would: nothing counts it as a write. */
  set(key: string, bytes: ArrayBuffer, items = 0): void {
    this.values.set(key, { bytes, info: { items, bytes: bytes.byteLength, written: Date.now() } });
  }
}
