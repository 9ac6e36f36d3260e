/**
 * Serves the page, and passes the two requests that it makes on to the service. Browsers let a page read
 * answers of its own origin only, and the service sends no CORS headers: so it stands behind the page's
 * server, which also decides what visitors may ask.
 */
import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';

const service = process.env.EARN_EDGE_URL ?? 'http://127.0.0.1:8787';

const app = new Hono()
  .get('/v1/items', (c) => proxy(`${service}/v1/items${new URL(c.req.url).search}`, c.req))
  .post('/v1/recommendations', (c) => proxy(`${service}/v1/recommendations`, c.req))
  .get('*', serveStatic({ root: './public' }));

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`);
});
