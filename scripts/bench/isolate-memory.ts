/**
 * What the isolate of the service, as `wrangler dev` runs it, has in memory after requests of mixed users.
 */
import { RANKERS } from '../../worker/models/manifest.ts';
import { freePort, startServer } from '../local-service.ts';
import { randomInts, seededRandom } from '../random.ts';
import { heapBytes } from './heap.ts';
import { itemIdsOf, readManifestOf } from './models.ts';
import { round } from './statistics.ts';

const SEED = 1;
/** Users who come back, and grow. */
const USERS = 10;
/** Memory is looked at after every so many requests. */
const EVERY = 10;

/** The service with its memory to be seen. */
export const WATCHED = 'scripts/bench/service-worker.ts';

/** Megabytes (10^6 bytes). Those of the Durable Objects are among them: locally they share the isolate. */
export interface Memory {
  requests: number;
  wasm_mb: number;
  /** JavaScript's heap and the buffers behind its typed arrays. */
  js_mb: number;
  mb: number;
}

export interface IsolateMemory {
  loaded: Memory;
  /** The medians of the first tenth of the requests and of the last: garbage comes and goes. */
  early: Memory;
  last: Memory;
  /** The largest that was seen, garbage included. */
  peak_mb: number;
  /**
   * Between the second tenth of the requests and the last one, each by its smallest: a leak, without what
   * waits to be collected.
   */
  growth_mb: number;
}

export interface Ask {
  path: string;
  body?: unknown;
}

/** Asks the service of `model` for `requests` answers. @throws an Error for an answer that is none */
export async function isolateMemory(model: string, requests: number): Promise<IsolateMemory> {
  const next = mixOf(itemIdsOf(model), readManifestOf(model).config.contextWindow);
  const inspector = await freePort();
  const server = await startServer({ model, wrangler: ['--inspector-port', `${inspector}`, WATCHED] });
  try {
    await answer(server.url, { path: '/healthz' });
    const samples = [await memoryAfter(0, server.url, inspector)];
    for (let asked = 1; asked <= requests; asked++) {
      await answer(server.url, next(asked));
      if (asked % EVERY === 0) samples.push(await memoryAfter(asked, server.url, inspector));
    }
    const tenth = requests / 10;
    /** Those of a tenth of the requests, from 0, the smallest first. */
    const sorted = (at: number) =>
      samples
        .filter(({ requests }) => requests > at * tenth && requests <= (at + 1) * tenth)
        .sort((a, b) => a.mb - b.mb);
    const middle = (of: Memory[]) => of[Math.floor(of.length / 2)];
    return {
      loaded: samples[0],
      early: middle(sorted(0)),
      last: middle(sorted(9)),
      peak_mb: Math.max(...samples.map(({ mb }) => mb)),
      growth_mb: round(sorted(9)[0].mb - sorted(1)[0].mb, 1),
    };
  } finally {
    await server.stop();
  }
}

/**
 * Users who return with new items, up to a full window and beyond, new ones, and everything else that takes
 * memory, in turn.
 */
export function mixOf(ids: string[], window: number): (at: number) => Ask {
  const random = seededRandom(SEED);
  const history = (length: number) => randomInts(random, length, ids.length).map((index) => ids[index]);
  const added = (most: number) => history(1 + Math.floor(random() * most)).map((id) => ({ id }));
  const user = () => `/v1/users/returning-${Math.floor(random() * USERS)}`;
  const ranker = () => RANKERS[Math.floor(random() * RANKERS.length)];
  const kinds: ((at: number) => Ask)[] = [
    () => ({ path: `${user()}/recommendations`, body: { items: added(3) } }),
    () => ({ path: `${user()}/interactions`, body: { items: added(window) } }),
    () => ({ path: `${user()}/recommendations?k=50&ranker=${ranker()}` }),
    (at) => ({ path: `/v1/users/new-${at}/recommendations`, body: { items: added(3) } }),
    (at) => ({ path: `/v1/users/newer-${at}/recommendations` }),
    () => ({ path: '/v1/recommendations', body: { history: history(2 * window), ranker: ranker() } }),
    () => ({
      path: '/v1/recommendations:batch',
      body: { requests: [50, 10, 200].map((length) => ({ history: history(length), ranker: ranker() })) },
    }),
    () => ({ path: `/v1/items/${encodeURIComponent(history(1)[0])}/similar?k=20` }),
    () => ({ path: '/v1/items?q=the&limit=100' }),
    (at) => ({ path: at % 20 === 0 ? '/' : '/openapi.json' }),
  ];
  return (at) => kinds[at % kinds.length](at);
}

async function answer(url: string, { path, body }: Ask): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
}

export async function memoryAfter(requests: number, url: string, inspector: number): Promise<Memory> {
  const wasm: number = await (await fetch(`${url}/bench/wasm`)).json();
  const js = await heapBytes(`ws://127.0.0.1:${inspector}/ws`);
  const mb = (bytes: number) => round(bytes / 1e6, 1);
  return { requests, wasm_mb: mb(wasm), js_mb: mb(js), mb: mb(wasm + js) };
}
