import { judged, type Served } from '../outcomes/served.ts';
import { CHAIN_START, chained, sameDigest } from './chain.ts';
import { renewed } from './epoch.ts';
import type { Event } from './event.ts';
import { onceOf } from './idempotency.ts';
import {
  type Appended,
  type AppendedTail,
  EVENTS_BEFORE,
  type Head,
  type HistoryLog,
  IdempotencyConflict,
  type Kept,
  type Known,
  type LogPage,
  type Merged,
  type Place,
  type Seen,
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
  /** The position of each event, and the highest that was ever given. */
  positions: number[];
  given: number;
  keys: Map<string, { content: string; length: number }>;
  /** The list that the user saw last. */
  served?: Seen;
}

const nobody = (epoch: string = crypto.randomUUID()): UserLog => ({
  epoch,
  events: [],
  digests: [],
  positions: [],
  given: 0,
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

  async append(user: string, events: Event[], key?: string, seen?: Seen): Promise<Appended> {
    const once = key === undefined ? undefined : await onceOf(key, events);
    if (once && this.erased.get(user)?.has(once.key)) throw new UserErased('the user was deleted');
    const log = this.users.get(user) ?? nobody();
    this.users.set(user, log);
    const known = once && log.keys.get(once.key);
    if (known && known.content !== once.content) throw new IdempotencyConflict('other events');
    if (known) return { length: known.length, outcome: 'repeated' };
    const preceding = log.events.slice(-EVENTS_BEFORE);
    add(log, events);
    const { length } = log.events;
    if (once) log.keys.set(once.key, { content: once.content, length });
    const taken = events.map(({ item }) => item);
    const last = [seen, log.served].find(
      (each) => each?.total === length - events.length && each.epoch === log.epoch,
    );
    return { length, outcome: 'added', preceding, ...(last && { judged: judged(last.list, taken) }) };
  }

  /** Sets a log that is kept elsewhere: all its events, oldest first. */
  replace(user: string, epoch: string, events: Event[]): void {
    const log = nobody(epoch);
    add(log, events);
    this.users.set(user, log);
  }

  async tail(user: string, known?: Known): Promise<Tail> {
    const { epoch, events, digests } = this.users.get(user) ?? nobody('');
    const total = events.length;
    const head = { epoch, total, dropped: 0, digest: digests.at(-1) ?? null };
    const isKnown =
      known?.epoch === epoch &&
      total - known.position < TAIL_EVENTS &&
      sameDigest(digests[known.position - 1] ?? null, known.digest);
    const after = isKnown ? known.position : Math.max(0, total - TAIL_EVENTS);
    return { ...head, events: events.slice(after), digests: digests.slice(isKnown ? after - 1 : after) };
  }

  async appendAndTail(
    user: string,
    events: Event[],
    key?: string,
    known?: Known,
    seen?: Seen,
  ): Promise<AppendedTail> {
    const { length: _, ...appended } = await this.append(user, events, key, seen);
    return { ...(await this.tail(user, known)), ...appended };
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
    const { epoch, events: all, positions } = this.users.get(user) ?? nobody('');
    const events = all.map((event, index) => ({ ...event, position: positions[index] }));
    const older = events.filter(({ position }) => position < (before ?? Infinity)).reverse();
    const next = older.length > limit ? older[limit - 1].position : null;
    return { epoch, events: older.slice(0, limit), next };
  }

  async serve(user: string, list: Served, { epoch, total }: Pick<Head, 'epoch' | 'total'>): Promise<Kept> {
    const log = this.users.get(user);
    if (log?.epoch !== epoch) return { epoch: log?.epoch ?? '' };
    const taken = log.events.slice(total).map(({ item }) => item);
    if (taken.length > 0) return { epoch, judged: judged(list, taken) };
    log.served = { list, epoch, total };
    return { epoch };
  }

  async length(user: string): Promise<{ epoch: string; length: number }> {
    const { epoch, total } = await this.tail(user);
    return { epoch, length: total };
  }

  async takeBack(user: string, { position, log: name }: Place): Promise<boolean> {
    const log = this.users.get(user);
    const index = log?.positions.indexOf(position) ?? -1;
    if (!log?.epoch.startsWith(name) || index < 0) return false;
    const { events, positions } = log;
    Object.assign(log, { epoch: renewed(log.epoch), events: [], digests: [], positions: [] });
    add(log, events.toSpliced(index, 1), positions.toSpliced(index, 1));
    return true;
  }

  async merge(user: string, from: string): Promise<Merged> {
    const { events } = this.users.get(from) ?? nobody();
    const log = this.users.get(user) ?? nobody();
    if (events.length > 0) this.users.set(user, log);
    add(log, events);
    await this.clear(from);
    return { merged: events.length, length: log.events.length };
  }

  async clear(user: string): Promise<void> {
    const keys = this.users.get(user)?.keys.keys() ?? [];
    this.erased.set(user, new Set([...(this.erased.get(user) ?? []), ...keys]));
    this.users.delete(user);
  }
}

function add(log: UserLog, added: Event[], at?: number[]): void {
  const { events, digests, positions } = log;
  for (const [index, event] of added.entries()) {
    events.push(event);
    digests.push(chained(digests.at(-1) ?? CHAIN_START, event));
    positions.push(at?.[index] ?? ++log.given);
  }
}
