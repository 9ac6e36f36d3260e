import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { createMiddleware } from 'hono/factory';
import device from '../../../bundle/device.js';
import deviceWebgpu from '../../../bundle/device-webgpu.js';
import style from '../../../bundle/page.css';
import script from '../../../bundle/page.js';
import icon from '../../demo/icon.svg';
import html from '../../demo/index.html';
import { fetchModelFile } from '../../models/assets.ts';
import { Problem } from '../problem.ts';

const DEVICE_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; require-trusted-types-for 'script'";
/** The path of the icon of all pages. */
export const ICON = '/icon.svg';
/** Its file name changes with its content. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

/**
 * A Web Worker has the policy of its own response: it alone may compile WebAssembly. Also on a 304, whose
 * headers replace those that the browser has kept.
 */
const devicePolicy = createMiddleware(async (c, next) => {
  await next();
  c.header('Content-Security-Policy', DEVICE_POLICY);
});

/** The demo page and the files that it is made of, revalidated by their ETags. */
export const page = new Hono<{ Bindings: Env }>()
  .get('/', etag(), (c) => c.body(html, 200, file('text/html')))
  .get('/page.js', etag(), (c) => c.body(script, 200, file('text/javascript')))
  .get('/device.js', devicePolicy, etag(), (c) => c.body(device, 200, file('text/javascript')))
  .get('/device-webgpu.js', devicePolicy, etag(), (c) => c.body(deviceWebgpu, 200, file('text/javascript')))
  .get('/page.css', etag(), (c) => c.body(style, 200, file('text/css')))
  .get(ICON, etag(), (c) => c.body(icon, 200, file('image/svg+xml')))
  // What runs the model in a browser: `scripts/bundle-page.ts` puts it beside the model.
  .get('/runtime/:file{ort-[\\w.-]+\\.wasm}', async (c) => {
    const response = await fetchModelFile(c.env.ASSETS, `runtime/${c.req.param('file')}`);
    if (!response.ok) throw new Problem('file_unknown');
    return c.newResponse(response.body, 200, {
      'Content-Type': 'application/wasm',
      'Cache-Control': IMMUTABLE,
    });
  });

/** Headers of a file that is asked for again, with its ETag. */
export function file(type: string) {
  return { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' };
}
