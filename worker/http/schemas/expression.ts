/** The language of filters (`rules/expression.ts`) as a schema. */
import { z } from '@hono/zod-openapi';
import type { Expression } from '../../rules/expression.ts';

const MOST_VALUES = 1000;
/** A filter that a person wrote has far fewer. */
const MOST_CONDITIONS = 100;
const DEEPEST = 8;

const scalar = z.union([z.string().max(1000), z.number(), z.boolean()]);
const bound = z.union([z.string().max(1000), z.number()]);
const comparison = z
  .strictObject({
    eq: scalar,
    in: z.array(scalar).max(MOST_VALUES),
    lt: bound,
    lte: bound,
    gt: bound,
    gte: bound,
    exists: z.boolean(),
  })
  .partial()
  .refine((condition) => Object.keys(condition).length > 0, 'Says nothing');

const condition = z.union([scalar, z.array(scalar).max(MOST_VALUES), comparison]);
const combinators = new Set(['not', 'any', 'all']);

/** Checked by hand where it is recursive, so that a mistake is named by its own place. */
export const expression = z
  // A record would pass over what is called `__proto__`, and a filter without a condition lists more.
  .custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Must be an object',
  )
  .superRefine((value, context) => {
    let conditions = 0;
    const check = (node: unknown, path: (string | number)[], depth: number) => {
      const wrong = (message: string, at = path) => context.addIssue({ code: 'custom', message, path: at });
      if (typeof node !== 'object' || node === null || Array.isArray(node)) return wrong('Must be an object');
      if (depth > DEEPEST) return wrong(`Nested deeper than ${DEEPEST}`);
      for (const [name, inner] of Object.entries(node)) {
        const place = [...path, name];
        if (++conditions > MOST_CONDITIONS) return wrong(`More than ${MOST_CONDITIONS} conditions`, []);
        if (name === 'not') check(inner, place, depth + 1);
        else if (combinators.has(name)) {
          if (!Array.isArray(inner) || inner.length === 0) wrong('Must be a list of filters', place);
          else for (const [index, each] of inner.entries()) check(each, [...place, index], depth + 1);
        } else if (!condition.safeParse(inner).success) {
          wrong('Must be a value, a list of values, or eq, in, lt, lte, gt, gte, exists', place);
        }
      }
    };
    check(value, [], 1);
  })
  .transform((value) => value as Expression)
  .openapi('Filter', {
    type: 'object',
    additionalProperties: true,
    example: { price: { lte: 50 }, not: { categories: 'Gifts' } },
    description:
      'Every entry must hold. A name is `id`, `title`, `categories`, `new` or a property; its value is what it must equal, a list of which it must equal one, or an object of `eq`, `in`, `lt`, `lte`, `gt`, `gte`, `exists`. A property that is a list has what any of its entries has. `not` holds a filter, `any` and `all` lists of filters.',
  });

/** The same as JSON text in a URL. */
export const expressionText = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'Not JSON' });
      return z.NEVER;
    }
  })
  .pipe(expression);
