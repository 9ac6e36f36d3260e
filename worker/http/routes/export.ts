import { OpenAPIHono, z } from '@hono/zod-openapi';
import { ownName } from '../../access/principal.ts';
import { type ArchivePage, type Bucket, readArchive } from '../../outbox/archive.ts';
import { callerOf } from '../authentication.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import { json } from '../schemas/json.ts';

const record = z.object({
  user: z.string(),
  epoch: z.string().openapi({ description: 'Of the user’s log. A user who was deleted has another one' }),
  position: z.int().optional(),
  item: z.string().optional(),
  time: z.number().optional(),
  type: z.string().optional(),
  stored: z.number().optional().openapi({ description: 'Milliseconds since 1970' }),
  taken_back: z.literal(true).optional().openapi({ description: 'This event is to be forgotten' }),
  erased: z.literal(true).optional().openapi({ description: 'What came from this log is to be forgotten' }),
});

const route = defineRoute({
  method: 'get',
  path: '/export',
  operationId: 'exportEvents',
  tags: ['Operation'],
  scopes: ['admin'],
  summary: 'What users’ logs have stored, page by page',
  description:
    'Some records may come twice: user, epoch and position name an event. `npm run export` sorts that out. Only where the deployment has an outbox.',
  request: {
    query: z.strictObject({
      cursor: z.string().optional().openapi({ description: '`next_cursor` of the page before' }),
    }),
  },
  responses: {
    200: {
      description: 'Records, in the order in which they were archived',
      content: json(z.object({ records: z.array(record), next_cursor: z.string().nullable() })),
    },
    ...problemResponses('export_unavailable', 'archive_unavailable', 'invalid_request', 'overloaded'),
  },
  example: () => ({}),
});

/** `GET /export` */
export function exportEvents(archive: Bucket | undefined) {
  return new OpenAPIHono().openapi(route, async (c) => {
    if (archive === undefined) throw new Problem('export_unavailable');
    const { tenant } = callerOf(c);
    const { records, next } = await read(archive, c.req.valid('query').cursor);
    const own = records.flatMap((each) => {
      const user = ownName(tenant, each.user);
      return user === undefined ? [] : [{ ...each, user }];
    });
    return c.json({ records: own, next_cursor: next }, 200);
  });
}

async function read(archive: Bucket, cursor: string | undefined): Promise<ArchivePage> {
  try {
    return await readArchive(archive, cursor);
  } catch (cause) {
    throw new Problem('archive_unavailable', { cause });
  }
}
