/**
 * A service worker: the page and its files come from the service, and from this browser's cache when the
 * service can't be reached. Nothing of the API is kept.
 */
import { sha256Hex } from '../engine/hex.ts';

/** What TypeScript knows only without a DOM: https://developer.mozilla.org/docs/Web/API/Service_Worker_API */
interface Scope {
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

const scope = globalThis as unknown as Scope;

const CACHE = 'earn-edge page';
/** What a page with the model on the device needs. The engine's files are named by what they hold. */
const PAGE = /^\/(page\.js|page\.css|icon\.svg|device(-webgpu)?\.js|model\/.+|runtime\/.+)?$/;

scope.addEventListener('install', (event) => {
  event.waitUntil(keepAll().then(() => scope.skipWaiting()));
});
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method === 'GET' && origin === location.origin && PAGE.test(pathname)) {
    event.respondWith(answer(request));
  }
});

async function keepAll(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(['/', '/page.js', '/page.css', '/icon.svg', '/device.js', '/model/manifest.json']);
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const { pathname, search } = new URL(request.url);
  const immutable = search.startsWith('?sha256=') || pathname.startsWith('/runtime/');
  const kept = immutable ? await cache.match(request) : undefined;
  if (kept) return kept;
  try {
    const response = await fetch(request);
    if (response.ok && (await isWhole(response, search))) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const known = await cache.match(request);
    if (known) return known;
    throw error;
  }
}

/** A file that is named by its hash is kept only if it has it: one that arrived damaged must not stay. */
async function isWhole(response: Response, search: string): Promise<boolean> {
  const wanted = new URLSearchParams(search).get('sha256');
  if (wanted === null) return true;
  return (await sha256Hex(new Uint8Array(await response.clone().arrayBuffer()))) === wanted;
}
