/** The real engine over the embedded model, with one thing wrong. */
import { env } from 'cloudflare:workers';
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Runtime } from '../../worker/engine/runtime.ts';
import { type Assets, assetSource } from '../../worker/models/assets.ts';
import { RETRY_AFTER_MS } from '../../worker/models/host.ts';
import { loadModel } from '../../worker/models/model.ts';
import { type Json, post, problemOf, serviceOf } from './helpers.ts';

const runtime = new Runtime({ wasmModule });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What becomes of a file on its way from the assets. */
type Fault = (path: string, response: Response) => Response | Promise<Response>;

/** The service whose assets have a fault until it is repaired. */
function faultyService(fault: Fault) {
  let broken = true;
  const assets: Assets = {
    async fetch(input, init) {
      const request = new Request(input, init);
      const response = await env.ASSETS.fetch(request);
      return broken ? fault(new URL(request.url).pathname, response) : response;
    },
  };
  const { app } = serviceOf(() => loadModel(assetSource(assets), runtime));
  const repair = () => {
    broken = false;
    vi.advanceTimersByTime(RETRY_AFTER_MS);
  };
  return { app, repair };
}

/** A fault of the file at this path alone. */
const at =
  (wanted: string, change: (response: Response) => Response | Promise<Response>): Fault =>
  (path, response) =>
    path === wanted ? change(response) : response;

async function flipOneBit(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length >> 1] ^= 1;
  return new Response(bytes);
}

async function cutInHalf(response: Response): Promise<Response> {
  const bytes = await response.arrayBuffer();
  return new Response(bytes.slice(0, bytes.byteLength >> 1));
}

async function ofAnotherVersion(response: Response): Promise<Response> {
  return Response.json({ ...(await response.json<Json>()), format: 99 });
}

const missing = () => new Response(null, { status: 404 });
const unreachable = () => new Response('busy', { status: 500 });

test.each<[string, Fault, string, string]>([
  ['a bit of the weights flipped', at('/weights-0.bin', flipOneBit), 'asset_damaged', 'weights-0.bin'],
  ['half of the weights', at('/weights-0.bin', cutInHalf), 'asset_damaged', 'weights-0.bin'],
  ['no weights', at('/weights-0.bin', missing), 'asset_missing', 'weights-0.bin'],
  ['no answer for the weights', at('/weights-0.bin', unreachable), 'asset_missing', 'weights-0.bin'],
  ['a bit of a graph flipped', at('/decode.onnx', flipOneBit), 'asset_damaged', 'decode.onnx'],
  [
    'a bit of the item table flipped',
    at('/item-table-0.bin', flipOneBit),
    'asset_damaged',
    'item-table-0.bin',
  ],
  ['a damaged catalogue', at('/catalogue.json', flipOneBit), 'asset_damaged', 'catalogue.json'],
  ['no manifest', at('/manifest.json', missing), 'asset_missing', 'manifest.json'],
  ['half of the manifest', at('/manifest.json', cutInHalf), 'manifest_damaged', 'manifest.json'],
  ['a manifest to come', at('/manifest.json', ofAnotherVersion), 'manifest_version', '99'],
])('%s: 503 with the reason, and well again once it is right', async (_, fault, reason, word) => {
  const { app, repair } = faultyService(fault);
  for (const response of [await post(app, { history: ['1'] }), await app.request('/healthz')]) {
    const problem = await problemOf(response, 503, 'model_unavailable');
    expect(problem.reason).toBe(reason);
    expect(problem.detail).toContain(word);
  }
  repair();
  expect((await app.request('/healthz')).status).toBe(200);
  expect((await post(app, { history: ['1'] })).status).toBe(200);
});
