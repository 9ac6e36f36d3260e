/** A service of a few lines for tests of `npm run import`, a clock that stands still, and a log to import. */
import { onTestFinished } from 'vitest';
import { type ImportOptions, importHistories } from '../../scripts/import/main.ts';
import type { Event } from '../../worker/history/event.ts';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { type Fault, flakyServer } from '../fixtures/flaky-server.ts';
import { MemoryLog } from '../service/memory.ts';
import { USUAL } from './helpers.ts';

const eventsOf = (items: Interaction[]): Event[] =>
  items.map(({ id: item, timestamp: time, type }) => ({ item, time, ...(type && { type }) }));

/**
 * The part of the API that an import uses, over logs in memory; a model that knows all but ids with an `x`.
 */
export async function service(fault?: (request: Request) => Fault | undefined) {
  const log = new MemoryLog();
  const appended: number[] = [];
  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const user = decodeURIComponent(pathname.split('/')[3]);
    if (request.method === 'POST') {
      const { items }: { items: Interaction[] } = await request.json();
      const { length } = await log.append(user, eventsOf(items), request.headers.get('Idempotency-Key')!);
      appended.push(items.length);
      const unknown_items = items.map(({ id }) => id).filter((id) => id.includes('x'));
      return Response.json({ user_id: user, length, unknown_items }, { status: 201 });
    }
    if (!pathname.endsWith('/interactions')) return Response.json(await log.length(user));
    const cursor = searchParams.get('cursor');
    const { events, next } = await log.page(user, 1000, cursor === null ? null : Number(cursor));
    const items = events.map(({ item: id, time: timestamp, type }) => ({ id, timestamp, type }));
    return Response.json({ items, next_cursor: next === null ? null : `${next}` });
  }
  const server = await flakyServer(answer, fault);
  onTestFinished(() => server.stop());
  return {
    url: server.url,
    log,
    appended,
    /** What each user's log holds. */
    logs: () =>
      Object.fromEntries(
        [...log.users].map(([user, { events }]) => [
          user,
          events.map(({ item, time, type }) =>
            [item, time, type].filter((value) => value !== undefined).join('@'),
          ),
        ]),
      ),
  };
}

/** A clock that stands still but for its sleeps. */
export function pausedClock() {
  const sleeps: number[] = [];
  let now = Date.UTC(2026, 0, 1);
  const sleep = async (milliseconds: number) => {
    sleeps.push(milliseconds);
    now += milliseconds;
  };
  return { sleeps, clock: { now: () => now, sleep } };
}

export async function imported(users: string, url: string, options: Partial<ImportOptions> = {}) {
  const printed: string[] = [];
  const usual = { ...USUAL, concurrency: 8, progress: undefined };
  const print = (line: string) => printed.push(line);
  await importHistories({ users, url, ...usual, ...options }, print, pausedClock().clock);
  return { summary: JSON.parse(printed.pop()!), text: printed.join('\n') };
}

export const CSV = 'user_id,item_id,timestamp\nada,b,2\nbob,x1,5\nada,a,1\nada,c,2\n';
export const LOGS = { ada: ['a@1', 'b@2', 'c@2'], bob: ['x1@5'] };
