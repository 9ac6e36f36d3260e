/**
 * One location's isolates and its share of Workers KV, request by request. Of many users a sample is
 * replayed, with caches that are smaller by the same factor (SHARDS: Waldspurger and others, FAST 2015).
 */
import { LRUCache } from 'lru-cache';
import { type Pattern, placed } from './visits.ts';

const DAY = 24 * 60 * 60;
/** What comes before the month that is counted fills the caches. */
const MONTH: [number, number] = [30 * DAY, 60 * DAY];
/** Most users that are replayed. */
const SAMPLE = 5000;
/** Requests of a second that one isolate answers before there is another one. */
const ISOLATE_RPS = 50;
/** The busiest second of a month has so many times the requests of the mean one. */
const PEAK = 5;

export interface Assumptions {
  /** Users of the month who come to this location. */
  users: number;
  /** States that one isolate can keep. */
  states: number;
  /** Days after which an unused state expires. */
  expiryDays: number;
  /** Hours after which an isolate is replaced: deployments, idle locations. */
  isolateHours: number;
}

/** Of the month, for all users of the location. */
export interface Traffic {
  requests: number;
  /** Requests whose state was in the isolate, in KV, in neither. */
  isolate: number;
  kv: number;
  miss: number;
  /** Of states into KV: one per second and user at most. */
  writes: number;
  isolates: number;
}

export function replay(
  patterns: readonly Pattern[],
  { users, states, expiryDays, isolateHours }: Assumptions,
  random: () => number,
): Traffic {
  const sample = Math.min(users, SAMPLE);
  const scale = users / sample;
  const requests = Array.from({ length: sample }, (_, user) =>
    placed(patterns[Math.floor(random() * patterns.length)], 0, MONTH, random).map((event) => ({
      user,
      ...event,
    })),
  )
    .flat()
    .sort((a, b) => a.time - b.time);
  const counted = requests.filter(({ time }) => time >= MONTH[0]).length * scale;
  const isolates = Math.max(1, Math.ceil(((counted / (30 * DAY)) * PEAK) / ISOLATE_RPS));
  const traffic: Traffic = { requests: counted, isolate: 0, kv: 0, miss: 0, writes: 0, isolates };
  // Together the isolates of a location keep so many states.
  const max = Math.max(1, Math.floor((states * isolates) / scale));
  const memory = new LRUCache<string, number>({ max });
  const written = new Map<number, number>();
  const places = new Map<string, number>();
  const life = isolateHours * 60 * 60;
  for (const { user, time, visit } of requests) {
    const visitKey = `${user}/${visit}`;
    const isolate = places.get(visitKey) ?? Math.floor(random() * isolates);
    places.set(visitKey, isolate);
    const key = `${user}/${isolate}`;
    const kept = memory.get(key);
    const last = written.get(user) ?? -Infinity;
    const lives = kept !== undefined && Math.floor(kept / life) === Math.floor(time / life);
    const found = lives ? 'isolate' : time - last < expiryDays * DAY ? 'kv' : 'miss';
    memory.set(key, time);
    if (time - last >= 1) written.set(user, time);
    if (time < MONTH[0]) continue;
    traffic[found] += scale;
    if (time - last >= 1) traffic.writes += scale;
  }
  return traffic;
}
