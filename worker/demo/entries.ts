/**
 * What the visitor said: the films that were seen, and those that are not wanted. It is the truth on this
 * page; what the server keeps follows it (`mirror.ts`).
 *
 * A film is there once, whatever is clicked twice or in two tabs: its id is the key. Every change is one
 * transaction that is handed over within the click, so none is lost when the page goes.
 */
import { ENTRIES, opened, started, transact } from './database.ts';
import type { Film } from './side.ts';

export interface Entry extends Film {
  /** When it was added, in ms. Histories are in this order. */
  at: number;
  /** Not wanted: it is no part of the history, and lists leave it out. */
  unwanted: boolean;
  /** Added while the model ran on this device: the server never hears of it. */
  here: boolean;
}

/** Tells the other tabs that there is something new. */
const channel = new BroadcastChannel('earn-edge entries');
let database: IDBDatabase;
let last = 0;

/** `changed` is called after a change in another tab. */
export async function openEntries(changed: () => void): Promise<void> {
  database = await opened();
  channel.onmessage = changed;
}

/** Oldest first. */
export async function readEntries(): Promise<Entry[]> {
  const entries: Entry[] = await transact(ENTRIES, 'readonly', (store) => store.getAll());
  return entries.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

export function entryOf({ id, title, categories, properties }: Film, here: boolean, unwanted = false): Entry {
  last = Math.max(Date.now(), last + 1); // in the order of the clicks, however fast they come
  return { id, title, categories, properties, at: last, unwanted, here };
}

/** Adds entries; one with a known id takes the other's place. */
export function putEntries(entries: readonly Entry[]): Promise<void> {
  return change((store) => {
    for (const entry of entries) store.put(entry);
  });
}

export function removeEntry(id: string): Promise<void> {
  return change((store) => {
    store.delete(id);
  });
}

/** Exactly these from now on. */
export function replaceEntries(entries: readonly Entry[]): Promise<void> {
  return change((store) => {
    store.clear();
    for (const entry of entries) store.put(entry);
  });
}

async function change(requests: (store: IDBObjectStore) => void): Promise<void> {
  await started(database, ENTRIES, 'readwrite', (store) => {
    requests(store);
    return undefined;
  });
  channel.postMessage('changed');
}
