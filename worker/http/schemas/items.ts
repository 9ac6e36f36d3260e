/** Items and their ids in requests and answers. */
import { z } from '@hono/zod-openapi';
import type { CatalogueItem, Property } from '../../catalogue/item.ts';
import type { ItemFields } from '../../catalogue/record.ts';

/** Ids come from anyone's catalogue; no real one is longer. */
const LONGEST_ID = 200;
const LONGEST_TITLE = 500;
const MOST_CATEGORIES = 50;
const MOST_PROPERTIES = 40;

/** Ids without control characters, as JSON Schema says it. */
const ID_PATTERN = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';

/** An id in a URL, where no schema of zod can say it. */
export const ID_IN_URL = {
  type: 'string',
  minLength: 1,
  maxLength: LONGEST_ID,
  pattern: ID_PATTERN,
} as const;

export const itemId = z
  .string()
  .min(1)
  .max(LONGEST_ID)
  .refine((id) => !/\p{Cc}/u.test(id), 'Control characters are not allowed')
  .openapi({ pattern: ID_PATTERN });

/** Storage is UTF-8, which has no half surrogate pairs: another id would come back. */
export const storableId = itemId.refine((id) => id.isWellFormed(), 'Not well-formed Unicode');

/** Models read types that they don't know as none. */
export const eventType = z
  .string()
  .min(1)
  .max(64)
  .refine((type) => !/\p{Cc}/u.test(type) && type.isWellFormed(), 'Control characters are not allowed')
  .openapi({
    pattern: ID_PATTERN,
    description: 'What happened, such as view or purchase',
    example: 'purchase',
  });

export const title = z.string();

const property = z.union([
  z.number(),
  z.string().max(2000),
  z.boolean(),
  z.array(z.string().max(500)).max(100),
]);

export const PROPERTY_NAME = /^[\p{L}\p{N}_.-]{1,64}$/u;

export const propertyName = z.string().regex(PROPERTY_NAME, 'Letters, digits, _, . and -, at most 64');

/** Names that filters give to what every item has. */
const OWN_NAMES = ['id', 'title', 'categories', 'new', 'not', 'any', 'all'];

const properties = z.record(propertyName, property).openapi({
  type: 'object',
  additionalProperties: true,
  description: 'What it says of itself: numbers, texts, true or false, lists of texts',
});

const times = {
  available_from: z.iso.datetime({ offset: true }).openapi({ description: 'It is not listed before' }),
  available_until: z.iso.datetime({ offset: true }).openapi({ description: 'It is not listed from then on' }),
};

export const item = z
  .object({
    id: itemId,
    title,
    categories: z.array(z.string()),
    count: z.int().openapi({ description: 'Interactions with it that the model was trained on' }),
    new: z.literal(true).optional().openapi({
      description: 'The model was not trained with it: its vector comes from its words',
    }),
    available: z.boolean().optional().openapi({ description: 'false: it is in no list' }),
    available_from: times.available_from.optional(),
    available_until: times.available_until.optional(),
    properties: properties.optional(),
  })
  .openapi('Item');

/** What may be said of an item; null takes it back. */
const said = {
  title: z.string().min(1).max(LONGEST_TITLE).nullable(),
  categories: z.array(z.string().min(1).max(200)).max(MOST_CATEGORIES).nullable(),
  available: z.boolean().nullable().openapi({ description: 'false: it is sold out, and in no list' }),
  available_from: times.available_from.nullable(),
  available_until: times.available_until.nullable(),
  properties: z
    // Counted before each is checked: a body may have a hundred thousand.
    .custom<object>((all) => Object.keys(all ?? {}).length <= MOST_PROPERTIES, `At most ${MOST_PROPERTIES}`)
    .pipe(
      z.record(
        propertyName.refine((name) => !OWN_NAMES.includes(name), 'Filters have another use for this name'),
        property.nullable(),
      ),
    )
    .nullable()
    .openapi({
      type: ['object', 'null'],
      additionalProperties: true,
      maxProperties: MOST_PROPERTIES,
      description: 'null takes one back',
    }),
};

export const itemFields = z.strictObject(said).partial().openapi('ItemFields');

/** Per request; importers send many requests. */
export const MOST_ITEMS = 1000;
export const itemList = z
  .array(z.strictObject({ id: storableId, ...itemFields.shape }))
  .min(1)
  .max(MOST_ITEMS);

/** Path parameters of an item's routes. */
export const itemParams = z.object({ id: z.string() });
/** Of one that may be new. */
export const storableParams = z.object({ id: storableId });

/** What a body says of an item, as the catalogue takes it. */
export function fieldsOf(body: z.infer<typeof itemFields>): ItemFields {
  const { available_from, available_until, ...fields } = body;
  const time = (text: string | null | undefined) => (typeof text === 'string' ? Date.parse(text) : text);
  return { ...fields, availableFrom: time(available_from), availableUntil: time(available_until) };
}

/** The item as it is answered. */
export function itemOf(known: CatalogueItem): z.infer<typeof item> {
  const { id, title, categories, count, isNew, available, availableFrom, availableUntil, properties } = known;
  const time = (at: number | undefined) => at !== undefined && new Date(at).toISOString();
  const [from, until] = [time(availableFrom), time(availableUntil)];
  return {
    id,
    title,
    categories,
    count,
    ...(isNew && { new: isNew }),
    ...(available === false && { available }),
    ...(from && { available_from: from }),
    ...(until && { available_until: until }),
    ...(properties && {
      properties: properties as Record<string, Exclude<Property, readonly string[]> | string[]>,
    }),
  };
}
