import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { createMiddleware } from 'hono/factory';
import dashboardStyle from '../../../bundle/dashboard.css';
import dashboardScript from '../../../bundle/dashboard.js';
import device from '../../../bundle/device.js';
import deviceWebgpu from '../../../bundle/device-webgpu.js';
import offline from '../../../bundle/offline.js';
import style from '../../../bundle/page.css';
import script from '../../../bundle/page.js';
import playgroundStyle from '../../../bundle/playground.css';
import playgroundScript from '../../../bundle/playground.js';
import dashboard from '../../demo/dashboard.html';
import icon from '../../demo/icon.svg';
import html from '../../demo/index.html';
import playground from '../../demo/playground.html';
import { fetchModelFile } from '../../models/assets.ts';
import type { Models } from '../../models/rollout.ts';
import { policyWithImages } from '../content-policy.ts';
import { dressed, type Words, wordsOf } from '../page-words.ts';
import { Problem } from '../problem.ts';

const DEVICE_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; require-trusted-types-for 'script'";
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

/**
 * What needs no key in any deployment. A browser sends none with the address of a page: the dashboard has
 * nothing to show until one is typed in, which its requests carry.
 */
export const OPEN: ReadonlySet<string> = new Set([
  '/icon.svg',
  '/dashboard',
  '/dashboard.css',
  '/dashboard.js',
]);

const PAGES = { '/': html, '/playground': playground };
const STYLES = {
  '/page.css': style,
  '/playground.css': playgroundStyle,
  '/dashboard.css': dashboardStyle,
};
const SCRIPTS = {
  '/page.js': script,
  '/playground.js': playgroundScript,
  '/dashboard.js': dashboardScript,
  '/offline.js': offline,
};
const DEVICE_SCRIPTS = { '/device.js': device, '/device-webgpu.js': deviceWebgpu };

/** The demo pages and the files that they are made of, revalidated by their ETags. */
export function page(models: Models) {
  const app = new Hono<{ Bindings: Env }>();
  for (const [path, content] of Object.entries(PAGES)) {
    app.get(path, etag(), async (c) => {
      const words = await wordsOf(models);
      return c.body(dressed(content, words), 200, { ...file('text/html'), ...policyOf(words) });
    });
  }
  app.get('/dashboard', etag(), (c) => c.body(dashboard, 200, file('text/html')));
  for (const [path, content] of Object.entries(STYLES)) {
    app.get(path, etag(), (c) => c.body(content, 200, file('text/css')));
  }
  for (const [path, content] of Object.entries(SCRIPTS)) {
    app.get(path, etag(), (c) => c.body(content, 200, file('text/javascript')));
  }
  for (const [path, content] of Object.entries(DEVICE_SCRIPTS)) {
    app.get(path, devicePolicy, etag(), (c) => c.body(content, 200, file('text/javascript')));
  }
  app.get('/icon.svg', etag(), (c) => c.body(icon, 200, file('image/svg+xml')));
  // What runs the model in a browser: `scripts/bundle-page.ts` puts it beside the model.
  app.get('/runtime/:file{ort-[\\w.-]+\\.wasm}', async (c) => {
    const response = await fetchModelFile(c.env.ASSETS, `runtime/${c.req.param('file')}`);
    if (!response.ok) throw new Problem('file_unknown');
    const headers = { 'Content-Type': 'application/wasm', 'Cache-Control': IMMUTABLE };
    return new Response(response.body, { headers });
  });
  return app;
}

/** Pictures may come from where the model says; nothing else may. */
function policyOf({ images = [] }: Words): Record<string, string> {
  return images.length === 0 ? {} : { 'Content-Security-Policy': policyWithImages(images) };
}

/** Headers of a file that is asked for again, with its ETag. */
export function file(type: string) {
  return { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' };
}
