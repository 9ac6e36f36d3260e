/**
 * Every filter by the name of its request field. A filter that stands here is in the API, its docs and the
 * cache key.
 */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { ItemMask } from '../../engine/ranking.ts';
import { categories } from './categories.ts';
import { exclude } from './exclude.ts';
import { excludeCategories } from './exclude-categories.ts';
import type { FieldKind, FieldValues, Filter, FilterContext, UnknownEntry } from './filter.ts';
import { properties } from './properties.ts';
import { includeSeen } from './seen.ts';

export const FILTERS = {
  exclude,
  categories,
  exclude_categories: excludeCategories,
  include_seen: includeSeen,
  filter: properties,
};

export type FilterName = keyof typeof FILTERS;
export type KindOf<Name extends FilterName> = (typeof FILTERS)[Name]['field']['kind'];

/** What a request says of each filter. */
export type FilterValues = { [Name in Exclude<FilterName, SingleName>]: FieldValues[KindOf<Name>] } & {
  [Name in SingleName]?: FieldValues[KindOf<Name>];
};
type SingleName = { [Name in FilterName]: KindOf<Name> extends 'ids' | 'names' ? never : Name }[FilterName];

/** All filters by name, for code that treats them alike. */
export const ALL_FILTERS = Object.entries(FILTERS) as [FilterName, Filter<FieldKind>][];

/** What a request means that names no filter. */
export const NO_FILTERS = Object.fromEntries(
  ALL_FILTERS.map(
    ([
      name,
      {
        field: { kind },
      },
    ]) => [name, isList(kind) ? [] : undefined],
  ),
) as unknown as FilterValues;

/** Whether a field of the kind holds a list. */
export function isList(kind: FieldKind): kind is 'ids' | 'names' {
  return kind === 'ids' || kind === 'names';
}

/** Which items a list may hold, [items]: 1 or 0. */
export function allowedItems(values: FilterValues, context: FilterContext): ItemMask {
  const mask = context.catalogue.allowed();
  for (const [name, filter] of ALL_FILTERS) filter.apply(mask, values[name], context);
  return mask;
}

/** The entries that the catalogue can't know, in the order of the filters. */
export function unknownEntries(
  values: FilterValues,
  catalogue: Catalogue,
): (UnknownEntry & { field: FilterName })[] {
  return ALL_FILTERS.flatMap(([field, { unknown }]) =>
    (unknown?.(values[field], catalogue) ?? []).map((entry) => ({ ...entry, field })),
  );
}
