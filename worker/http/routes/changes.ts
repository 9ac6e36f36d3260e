import { OpenAPIHono, z } from '@hono/zod-openapi';
import { MOST_CHANGES } from '../../catalogue/changes.ts';
import { findItem } from '../../catalogue/overlay.ts';
import { CatalogueUnavailable } from '../../catalogue/truth.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import { title } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import type { Services } from '../services.ts';

const said = z.string().nullable();

const change = z.object({
  at: z.iso.datetime(),
  version: z
    .int()
    .openapi({ description: 'Of the catalogue, from then on. What came in one request has one' }),
  of: z.enum(['item', 'rule']),
  name: z.string().openapi({ description: 'The id of the item, or the name of the rule' }),
  title: title.optional().openapi({ description: 'Of the item, as it is now' }),
  fields: z.array(z.object({ field: z.string(), before: said, after: said })).openapi({
    description:
      'What differs, as texts that may be cut; null where nothing was said. What a model was trained with is no field',
  }),
});

const list = defineRoute({
  method: 'get',
  path: '/changes',
  operationId: 'listChanges',
  tags: ['Catalogue'],
  scopes: ['admin'],
  summary: 'The latest changes of items and rules',
  description: `What was changed since the training, when, from what to what: the newest ${MOST_CHANGES}, newest first.`,
  responses: {
    200: { description: 'The changes', content: json(z.object({ changes: z.array(change) })) },
    ...problemResponses('model_unavailable', 'catalogue_unavailable', 'overloaded'),
  },
  example: () => ({}),
});

/** `GET /changes` */
export function changes({ models, catalogue }: Services) {
  return new OpenAPIHono().openapi(list, async (c) => {
    const [{ catalogue: items }, { value }, latest] = await Promise.all([
      models.model(c.get('model')),
      catalogue.read(),
      read(),
    ]);
    const changes = await Promise.all(
      latest.map(async (one) => ({
        ...one,
        at: new Date(one.at).toISOString(),
        ...(one.of === 'item' && { title: (await findItem(items, value, one.name))?.title }),
      })),
    );
    return c.json({ changes }, 200);
  });

  async function read() {
    try {
      return await catalogue.changes();
    } catch (error) {
      if (error instanceof CatalogueUnavailable) throw new Problem('catalogue_unavailable');
      throw error;
    }
  }
}
