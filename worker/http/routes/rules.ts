import { OpenAPIHono, z } from '@hono/zod-openapi';
import { CatalogueUnavailable, type RuleChange } from '../../catalogue/truth.ts';
import { ACTIONS, type Action, type Rule } from '../../rules/rule.ts';
import { defineRoute } from '../define-route.ts';
import { invalidRequest, Problem, problemResponses } from '../problem.ts';
import { expression } from '../schemas/expression.ts';
import { json } from '../schemas/json.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody } from '../validation.ts';

/** Each costs a mask in every isolate. */
const MOST_RULES = 100;
const LARGEST_FACTOR = 1e6;

const time = z.iso.datetime({ offset: true }).optional();

const fields = {
  action: z.enum(Object.keys(ACTIONS) as [Action, ...Action[]]).openapi({
    description: `What happens to the items. ${Object.entries(ACTIONS)
      .map(([name, meaning]) => `${name}: ${meaning}`)
      .join('. ')}`,
  }),
  filter: expression,
  factor: z.number().gt(1).max(LARGEST_FACTOR).default(2).openapi({ description: 'Of boost and bury' }),
  from: time.openapi({ description: 'When it begins. By default at once' }),
  until: time.openapi({ description: 'When it ends. By default never' }),
};

const params = z.object({ name: z.string().regex(/^[\w.-]{1,64}$/, 'Letters, digits, _, . and -') });
const rule = z.object({ name: z.string(), ...fields }).openapi('Rule');

const unavailable = problemResponses('catalogue_unavailable', 'overloaded');

const list = defineRoute({
  method: 'get',
  path: '/rules',
  operationId: 'listRules',
  tags: ['Catalogue'],
  scopes: ['read'],
  summary: 'The rules that hold for every list',
  responses: {
    200: { description: 'All of them', content: json(z.object({ rules: z.array(rule) })) },
    ...problemResponses('overloaded'),
  },
  example: () => ({}),
});

const put = defineRoute({
  method: 'put',
  path: '/rules/{name}',
  operationId: 'putRule',
  tags: ['Catalogue'],
  scopes: ['write'],
  summary: 'Add a rule, or change one',
  description:
    'It holds in every list within a minute. Lists stay as long as they were asked for. Items that it touches say so.',
  middleware: jsonBody,
  request: { params, body: { required: true, content: json(z.strictObject(fields)) } },
  responses: {
    200: { description: 'The rule', content: json(rule) },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'model_unavailable'),
    ...unavailable,
  },
  example: ({ category }) => ({
    parameters: { name: 'christmas' },
    body: { action: 'boost', factor: 3, filter: { categories: category }, until: '2030-12-25T00:00:00Z' },
  }),
});

const remove = defineRoute({
  method: 'delete',
  path: '/rules/{name}',
  operationId: 'deleteRule',
  tags: ['Catalogue'],
  scopes: ['write'],
  summary: 'Take a rule back',
  description: 'Safe to repeat.',
  request: { params },
  responses: {
    204: { description: 'There is no such rule' },
    ...problemResponses('invalid_request'),
    ...unavailable,
  },
  example: () => ({ parameters: { name: 'christmas' } }),
});

/** `GET /rules`, `PUT` and `DELETE /rules/{name}` */
export function rules({ catalogue, models }: Services) {
  return new OpenAPIHono()
    .openapi(list, async (c) => {
      const { value } = await catalogue.read();
      return c.json({ rules: value.rules.map(answerOf) }, 200);
    })
    .openapi(put, async (c) => {
      const { name } = c.req.valid('param');
      const { from, until, ...said } = c.req.valid('json');
      const refusal = (await models.model(c.get('model'))).catalogue.refusal(said.filter);
      if (refusal) throw invalidRequest([{ path: '/filter', message: refusal }]);
      const { value } = await catalogue.read();
      if (value.rules.length >= MOST_RULES && !value.rules.some((known) => known.name === name)) {
        throw new Problem('invalid_request', {
          detail: `There may be ${MOST_RULES} rules; delete one first`,
        });
      }
      const times = { ...(from && { from: Date.parse(from) }), ...(until && { until: Date.parse(until) }) };
      const made: Rule = { name, ...said, ...times };
      await change({ kind: 'put', rule: made });
      return c.json(answerOf(made), 200);
    })
    .openapi(remove, async (c) => {
      await change({ kind: 'delete', name: c.req.valid('param').name });
      return c.body(null, 204);
    });

  async function change(one: RuleChange): Promise<void> {
    try {
      await catalogue.change([], [one]);
    } catch (error) {
      if (error instanceof CatalogueUnavailable) throw new Problem('catalogue_unavailable', { cause: error });
      throw error;
    }
  }
}

function answerOf({ from, until, ...said }: Rule): z.infer<typeof rule> {
  return {
    ...said,
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}
