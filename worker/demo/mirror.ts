/**
 * Keeps the server's log equal to the history of this browser.
 *
 * A log can only grow, so what is new is appended; its request has a key that is stored first, and a request
 * whose answer was lost is sent again as it was. When the history no longer begins with what the log has,
 * because something was removed or everything forgotten, the next history goes to a new random user, and the
 * old one is deleted, now or when there is a connection again.
 */
import { AskError, ask } from './ask.ts';
import { MIRROR, transact } from './database.ts';
import type { Interaction, ListOptions, UserList } from './side.ts';

interface Mirror {
  /** The random id that the server has for this history. */
  user: string;
  /** What is in its log, oldest first. */
  sent: Interaction[];
  /** What was sent without an answer so far. */
  flying: { key: string; items: Interaction[] } | null;
  /** Users that are still to be deleted. */
  erase: string[];
}

const KEY = 'server';
/** Most interactions per request. */
const MOST = 1000;
/** The log was deleted behind this browser's back. */
const ERASED = 'user_erased';

/** One tab at a time. */
export function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // Not there on a page that came over plain HTTP from another machine.
  return navigator.locks ? (navigator.locks.request('earn-edge mirror', work) as Promise<T>) : work();
}

/** Brings the server up to date and returns its list. To be called `exclusively`. */
export async function listAfter(history: readonly Interaction[], options: ListOptions): Promise<UserList> {
  let mirror = await current();
  if (!follows(history, mirror)) mirror = await restart(mirror);
  for (;;) {
    const items = mirror.flying?.items ?? history.slice(mirror.sent.length, mirror.sent.length + MOST);
    if (items.length === 0) return ask(`/v1/users/${mirror.user}/recommendations?${queryOf(options)}`);
    const flying = mirror.flying ?? { key: crypto.randomUUID(), items };
    await keep({ ...mirror, flying });
    try {
      const list = await append(mirror.user, flying, options);
      mirror = { ...mirror, sent: [...mirror.sent, ...items], flying: null };
      await keep(mirror);
      if (mirror.sent.length === history.length) return list;
    } catch (error) {
      if (!(error instanceof AskError && error.code === ERASED)) throw error;
      mirror = await restart(mirror);
    }
  }
}

/** Deletes users whose history is no longer wanted. To be called `exclusively`. */
export async function eraseFormer(): Promise<void> {
  for (;;) {
    const { erase } = await current();
    if (erase.length === 0) return;
    await ask(`/v1/users/${erase[0]}`, { method: 'DELETE' });
    const mirror = await current();
    await keep({ ...mirror, erase: mirror.erase.slice(1) });
  }
}

/** The server shall have no history of this browser. To be called `exclusively`. */
export async function forgetMirror(): Promise<void> {
  const mirror = await current();
  if (mirror.sent.length > 0 || mirror.flying) await restart(mirror);
  await eraseFormer();
}

async function current(): Promise<Mirror> {
  const known: Mirror | undefined = await transact(MIRROR, 'readonly', (store) => store.get(KEY));
  if (known) return known;
  const fresh: Mirror = { user: crypto.randomUUID(), sent: [], flying: null, erase: [] };
  await keep(fresh);
  return fresh;
}

async function keep(mirror: Mirror): Promise<void> {
  await transact(MIRROR, 'readwrite', (store) => store.put(mirror, KEY));
}

async function restart({ user, erase }: Mirror): Promise<Mirror> {
  const fresh = { user: crypto.randomUUID(), sent: [], flying: null, erase: [...erase, user] };
  await keep(fresh);
  return fresh;
}

/** Whether the history begins with all that the server has or may have. */
function follows(history: readonly Interaction[], { sent, flying }: Mirror): boolean {
  const known = [...sent, ...(flying?.items ?? [])];
  return known.every(({ id, timestamp }, i) => history[i]?.id === id && history[i].timestamp === timestamp);
}

function append(user: string, { key, items }: NonNullable<Mirror['flying']>, options: ListOptions) {
  return ask<UserList>(`/v1/users/${user}/recommendations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ items, ...options }),
  });
}

function queryOf({ k, exclude, categories, return: properties }: ListOptions): URLSearchParams {
  const query = new URLSearchParams({ k: String(k) });
  for (const id of exclude) query.append('exclude', id);
  for (const name of categories) query.append('categories', name);
  for (const name of properties) query.append('return', name);
  return query;
}
