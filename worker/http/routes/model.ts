import { Hono } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import { assetSource, fetchModelFile } from '../../models/assets.ts';
import { readManifest } from '../../models/files.ts';
import { filesOf, MANIFEST_FILE } from '../../models/manifest.ts';
import { Problem } from '../problem.ts';

/** A URL that names the bytes can be kept for good (RFC 8246). */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Any other is asked for again, with its ETag: a deployment may have replaced the file. */
const REVALIDATE = 'public, no-cache';

/**
 * `GET /manifest.json` and the files it names, for those who run the model themselves. With `?sha256=` of the
 * manifest the file may be cached for ever.
 */
export const modelFiles = new Hono<{ Bindings: Env }>().get('/:path{.+}', async (c) => {
  const path = c.req.param('path');
  const file = filesOf(await readManifest(assetSource(c.env.ASSETS))).find((file) => file.path === path);
  if (!file && path !== MANIFEST_FILE) throw new Problem('file_unknown');

  const known = c.req.header('If-None-Match');
  const headers: HeadersInit = known ? { 'If-None-Match': known } : {};
  const response = await fetchModelFile(c.env.ASSETS, path, { headers });
  if (response.status === 404) throw new Problem('file_unknown');
  const named = file !== undefined && c.req.query('sha256') === file.sha256;
  const cached = { ...Object.fromEntries(response.headers), 'cache-control': named ? IMMUTABLE : REVALIDATE };
  return c.newResponse(response.body, response.status as StatusCode, cached);
});
