import type { OpenAPIHono } from '@hono/zod-openapi';
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import style from '../../../bundle/docs.css';
import { type Document, openApiDocument } from '../reference/document.ts';
import { referencePage } from '../reference/page.ts';
import { file } from './page.ts';

/** `GET /openapi.json`, and the same for people: `GET /docs`. */
export function reference(app: Pick<OpenAPIHono, 'getOpenAPI31Document'>) {
  let document: Document | undefined;
  /** The routes of an app don't change once it answers. */
  const described = () => (document ??= openApiDocument(app));

  return new Hono()
    .get('/openapi.json', etag(), (c) => c.json(described(), 200, { 'Cache-Control': 'no-cache' }))
    .get('/docs', etag(), async (c) => {
      const page = await referencePage(described(), new URL(c.req.url).origin);
      return c.body(String(page), 200, file('text/html'));
    })
    .get('/docs.css', etag(), (c) => c.body(style, 200, file('text/css')));
}
