import { Hono } from 'hono';
import { assetSource, fetchModelFile } from '../../models/assets.ts';
import { readManifest } from '../../models/files.ts';
import { filesOf, MANIFEST_FILE } from '../../models/manifest.ts';
import { Problem } from '../problem.ts';

/** A URL that names the bytes can be kept for good (RFC 8246). */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Any other is asked for again, with its ETag: a deployment may have replaced the file. */
const REVALIDATE = 'public, no-cache';

/** Not a route of its own: beside `/:path{.+}` Hono would leave all routes to its slower router. */
const FULL_PATH = 'full/';
/** Where the decoder without EARN may lie. The first is there only if the second does not fit the model. */
const FULL = ['runtime/full/', 'full/'];

/**
 * `GET /manifest.json` and the files it names, for those who run the model themselves. With `?sha256=` of the
 * manifest the file may be cached for ever. `full/` has the same of the decoder without EARN that the
 * playground compares with (`scripts/bundle-full.ts`).
 */
export const modelFiles = new Hono<{ Bindings: Env }>().get('/:path{.+}', async (c) => {
  const path = c.req.param('path');
  if (!path.startsWith(FULL_PATH)) return fileOf(c.env.ASSETS, '', path, c.req.raw);
  for (const folder of FULL) {
    const { ok } = await fetchModelFile(c.env.ASSETS, folder + MANIFEST_FILE, { method: 'HEAD' });
    if (ok) return fileOf(c.env.ASSETS, folder, path.slice(FULL_PATH.length), c.req.raw);
  }
  throw new Problem('file_unknown');
});

/** A file of the model in this folder. */
async function fileOf(assets: Fetcher, folder: string, path: string, request: Request): Promise<Response> {
  const file = filesOf(await readManifest(assetSource(assets, folder))).find((file) => file.path === path);
  if (!file && path !== MANIFEST_FILE) throw new Problem('file_unknown');

  const known = request.headers.get('If-None-Match');
  const headers: HeadersInit = known ? { 'If-None-Match': known } : {};
  const response = await fetchModelFile(assets, folder + path, { headers });
  if (response.status === 404) throw new Problem('file_unknown');
  const named = file !== undefined && new URL(request.url).searchParams.get('sha256') === file.sha256;
  const answer = new Response(response.body, response);
  answer.headers.set('Cache-Control', named ? IMMUTABLE : REVALIDATE);
  return answer;
}
