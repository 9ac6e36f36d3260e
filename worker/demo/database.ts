/** The browser's database: what the visitor did, what the server knows of it, and states of the engine. */

const NAME = 'earn-edge';
const VERSION = 2;

export const STATES = 'states';
export const ENTRIES = 'entries';
export const MIRROR = 'mirror';

let database: Promise<IDBDatabase> | undefined;

/** Opens it; the page does so before the first click, so that a click is written at once. */
export function opened(): Promise<IDBDatabase> {
  database ??= open();
  return database;
}

/**
 * Runs requests in one transaction and resolves when it is done. `commit` hands it over at once: it no longer
 * depends on this page, which may be closed or reloaded in the same moment.
 */
export async function transact<T>(
  stores: string,
  mode: IDBTransactionMode,
  requests: (store: IDBObjectStore) => IDBRequest<T> | undefined,
): Promise<T> {
  return started(await opened(), stores, mode, requests);
}

/** The same on a database that is open, without a pause in which a page could be closed. */
export function started<T>(
  database: IDBDatabase,
  stores: string,
  mode: IDBTransactionMode,
  requests: (store: IDBObjectStore) => IDBRequest<T> | undefined,
): Promise<T> {
  const transaction = database.transaction(stores, mode);
  const request = requests(transaction.objectStore(stores));
  transaction.commit();
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result as T);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const { result: database } = request;
    const names = database.objectStoreNames;
    if (!names.contains(STATES)) database.createObjectStore(STATES);
    if (!names.contains(ENTRIES)) database.createObjectStore(ENTRIES, { keyPath: 'id' });
    if (!names.contains(MIRROR)) database.createObjectStore(MIRROR);
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      // A newer page wants another version: it must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}
