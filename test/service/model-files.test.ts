import { expect, test } from 'vitest';
import { MANIFEST } from './fake-model.ts';
import { fakeService, problemOf } from './helpers.ts';

const { app } = fakeService();
const FILES: Record<string, string> = {
  '/manifest.json': JSON.stringify(MANIFEST),
  '/weights-0.bin': 'w',
  '/notes.txt': 'not the model',
};

/** Answers as the assets of a deployment do. */
async function answer(files: Record<string, string>, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (!(pathname in files)) return new Response(null, { status: 404 });
  const headers = { ETag: `"${pathname}"` };
  if (request.headers.get('If-None-Match') === headers.ETag)
    return new Response(null, { status: 304, headers });
  return new Response(files[pathname], { headers });
}

const ASSETS = { fetch: (request: Request) => answer(FILES, request) } as unknown as Fetcher;

const get = (path: string, headers = {}) => app.request(`/model/${path}`, { headers }, { ASSETS });

test('a file at the address that names its content may be cached for ever', async () => {
  const response = await get(`weights-0.bin?sha256=${MANIFEST.shards[0].sha256}`);
  expect(await response.text()).toBe('w');
  expect(response.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
});

test.each(['manifest.json', 'weights-0.bin', 'weights-0.bin?sha256=of-another-model'])(
  '%s is revalidated by its ETag',
  async (path) => {
    const response = await get(path);
    expect(response.headers.get('Cache-Control')).toBe('public, no-cache');
    const again = await get(path, { 'If-None-Match': response.headers.get('ETag') });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  },
);

test('the decoder without EARN that fits the model is in the folder full/', async () => {
  const other = { ...MANIFEST, name: 'other' };
  const served = async (files: Record<string, string>) => {
    const assets = { fetch: (request: Request) => answer({ ...FILES, ...files }, request) };
    const manifest = await app.request('/model/full/manifest.json', {}, { ASSETS: assets });
    if (manifest.status !== 200) return manifest.status;
    const weights = await app.request('/model/full/weights-0.bin', {}, { ASSETS: assets });
    return [((await manifest.json()) as typeof MANIFEST).name, await weights.text()];
  };
  const trained = { '/full/manifest.json': JSON.stringify(MANIFEST), '/full/weights-0.bin': 'trained' };
  const placed = {
    '/runtime/full/manifest.json': JSON.stringify(other),
    '/runtime/full/weights-0.bin': 'random',
  };
  expect(await served(trained)).toEqual([MANIFEST.name, 'trained']);
  expect(await served({ ...trained, ...placed })).toEqual(['other', 'random']);
  expect(await served({})).toBe(404);
});

test.each(['notes.txt', 'nothing', 'decode.onnx'])(
  '%s is not there: the manifest does not name it, or the file is missing',
  async (path) => {
    await problemOf(await get(path), 404, 'file_unknown');
  },
);

test.each(['ort-0.wasm', 'manifest.json', '..%2Fmanifest.json', 'ort-..%2F..%2Fmanifest.json'])(
  '%s is no runtime of this deployment',
  async (file) => {
    const response = await app.request(`/runtime/${file}`, {}, { ASSETS });
    expect(response.status).toBe(404);
  },
);
