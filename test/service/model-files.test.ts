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
const ASSETS = {
  async fetch(request: Request) {
    const { pathname } = new URL(request.url);
    if (!(pathname in FILES)) return new Response(null, { status: 404 });
    const headers = { ETag: `"${pathname}"` };
    if (request.headers.get('If-None-Match') === headers.ETag)
      return new Response(null, { status: 304, headers });
    return new Response(FILES[pathname], { headers });
  },
} as unknown as Fetcher;

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
