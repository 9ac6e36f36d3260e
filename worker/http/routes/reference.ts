import { type ExecutionContext, Hono } from 'hono';
import { etag } from 'hono/etag';
import style from '../../../bundle/docs.css';
import script from '../../../bundle/docs.js';
import { ModelUnavailable } from '../../engine/errors.ts';
import type { Models } from '../../models/rollout.ts';
import { type Sample, sampleOf } from '../define-route.ts';
import { openApiDocument } from '../reference/document.ts';
import type { Document } from '../reference/operations.ts';
import { referencePage } from '../reference/page.ts';
import { file } from './page.ts';

/** A service whose routes are described. */
type Described = Parameters<typeof openApiDocument>[0] & {
  request(
    target: string,
    init: RequestInit,
    env: unknown,
    context: ExecutionContext,
  ): Response | Promise<Response>;
};

/** What a rehearsal leaves for after its answers is of no use to anyone. */
const REHEARSAL: ExecutionContext = { waitUntil() {}, passThroughOnException() {}, props: {} };

/** Stands in for the catalogue while there is no model. */
const PLACEHOLDERS: Sample = {
  user: 'ada',
  ids: ['item-1', 'item-2', 'item-3', 'item-4', 'item-5'],
  category: '',
  title: 'Title',
  word: 'title',
  model: '0123456789abcdef',
};

/**
 * `GET /openapi.json`, and the same for people: `GET /docs`. Examples are answered by `rehearse`, a service
 * with the same models that keeps its users to itself, so what the reference shows is what the served model
 * says.
 */
export function reference(models: Models, rehearse: () => Described) {
  let document: Document | undefined;

  /** Made once; routes and model don't change while an isolate lives. Without a model it is made again. */
  async function described(env: unknown): Promise<Document> {
    if (document) return document;
    const app = rehearse();
    const sample = await models.model().then(sampleOf, withoutModel);
    const made = await openApiDocument(app, sample, async (target, init) =>
      app.request(target, init, env, REHEARSAL),
    );
    if (sample !== PLACEHOLDERS) document = made;
    return made;
  }

  return new Hono()
    .get('/openapi.json', etag(), async (c) =>
      c.json(await described(c.env), 200, { 'Cache-Control': 'no-cache' }),
    )
    .get('/docs', etag(), async (c) => {
      const page = await referencePage(await described(c.env), new URL(c.req.url).origin);
      return c.body(String(page), 200, file('text/html'));
    })
    .get('/docs.js', etag(), (c) => c.body(script, 200, file('text/javascript')))
    .get('/docs.css', etag(), (c) => c.body(style, 200, file('text/css')));
}

function withoutModel(error: unknown): Sample {
  if (error instanceof ModelUnavailable) return PLACEHOLDERS;
  throw error;
}
