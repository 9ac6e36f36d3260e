/** The request fields of the filters (`recommend/filters`), as schemas for bodies and for URLs. */
import { z } from '@hono/zod-openapi';
import type { Field, FieldKind, FieldValues } from '../../recommend/filters/filter.ts';
import { ALL_FILTERS, type FilterName, isList, type KindOf } from '../../recommend/filters/index.ts';
import { listUpTo } from './bounded-list.ts';
import { expression, expressionText } from './expression.ts';
import { ID_IN_URL, itemId } from './items.ts';

/** A URL may have 16 KB; who has more to say sends a body. */
const MOST_IN_URL = 500;

/** A field in a JSON body. */
type BodyField<Kind extends FieldKind> = Kind extends 'flag' | 'expression'
  ? z.ZodOptional<z.ZodType<NonNullable<FieldValues[Kind]>>>
  : z.ZodDefault<z.ZodType<FieldValues[Kind], FieldValues[Kind]>>;
/** A field in a URL: text that comes once, or more often for a list. */
type UrlField<Kind extends FieldKind> = z.ZodType<FieldValues[Kind], string | string[] | undefined>;

/** All filters' fields in a body. */
export const filterFields = Object.fromEntries(
  ALL_FILTERS.map(([name, { field }]) => [name, inBody(field)]),
) as unknown as { [Name in FilterName]: BodyField<KindOf<Name>> };

/** All filters' fields in a URL. */
export const filterParams = Object.fromEntries(
  ALL_FILTERS.map(([name, { field }]) => [name, inUrl(field)]),
) as unknown as { [Name in FilterName]: UrlField<KindOf<Name>> };

function inBody({ kind, description, most = MOST_IN_URL, example }: Field<FieldKind>) {
  if (!isList(kind)) return (kind === 'flag' ? z.boolean() : expression).optional().openapi({ description });
  return entries(kind, most).default([]).openapi({ description, example });
}

function inUrl({ kind, description, most = MOST_IN_URL, example }: Field<FieldKind>) {
  if (kind === 'flag') {
    const flag = z.enum(['true', 'false']).optional().openapi({ description });
    return flag.transform((value) => (value === undefined ? undefined : value === 'true'));
  }
  if (kind === 'expression') {
    return expressionText.optional().openapi({ type: 'string', description: `${description}. As JSON` });
  }
  const limit = Math.min(most, MOST_IN_URL);
  const list = z.preprocess((value) => (typeof value === 'string' ? [value] : value), entries(kind, limit));
  return list.default([]).openapi({
    type: 'array',
    items: kind === 'ids' ? ID_IN_URL : { type: 'string' },
    maxItems: limit,
    description: `${description}. Repeat it for more`,
    example,
  });
}

function entries(kind: 'ids' | 'names', most: number) {
  return listUpTo(most, kind === 'ids' ? itemId : z.string());
}
