/** What of a shop's export differs from what the service has. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { item, itemList } from '../../worker/http/schemas/items.ts';
import type { Item } from '../data/items.ts';

/** As `GET /v1/items` answers it. */
export type ServedItem = z.input<typeof item>;
/** As `PUT /v1/items:batch` takes it. */
export type PutItem = z.input<typeof itemList>[number];

/** Columns that say when an item may be listed; all others are properties. */
const TIMES = ['available_from', 'available_until'] as const;
const NO = new Set<unknown>([false, 0, '0', 'false', 'no', 'n']);

/** A row of the export as the service takes it. */
export function putOf({ id, title, categories, properties = {} }: Item): PutItem {
  const { available, available_from, available_until, ...rest } = properties as Record<string, unknown>;
  const times = Object.entries({ available_from, available_until }).flatMap(([name, value]) => {
    const time = typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
    return time && !Number.isNaN(time.getTime()) ? [[name, time.toISOString()]] : [];
  });
  const said = typeof available === 'string' ? available.trim().toLowerCase() : available;
  return {
    id,
    title,
    ...(categories && { categories }),
    ...(NO.has(said) && { available: false }),
    ...Object.fromEntries(times),
    ...(Object.keys(rest).length > 0 && { properties: rest as PutItem['properties'] }),
  };
}

/** The items to send: those that are new to the service, and those that it has otherwise. */
export function differing(wanted: readonly PutItem[], served: ReadonlyMap<string, ServedItem>): PutItem[] {
  return wanted.filter((item) => {
    const known = served.get(item.id);
    return !known || !isDeepStrictEqual(comparable(item), comparable(known, item.categories === undefined));
  });
}

/** Items that the service lists and the export no longer has. */
export function missing(wanted: readonly PutItem[], served: ReadonlyMap<string, ServedItem>): ServedItem[] {
  const ids = new Set(wanted.map(({ id }) => id));
  return [...served.values()].filter(({ id, available = true }) => available && !ids.has(id));
}

/** What both have, whether or not it is said. Without a column of categories, they are the model's. */
function comparable(item: PutItem | ServedItem, withoutCategories = false): object {
  const { title, categories, available, properties } = item;
  const times = TIMES.map((name) => item[name] ?? null);
  const own = withoutCategories || categories === undefined ? null : categories;
  return { title, own, available: available ?? true, properties: properties ?? {}, times };
}
