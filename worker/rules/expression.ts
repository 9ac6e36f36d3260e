/**
 * The language of filters: which items, by what they say of themselves. An object's entries must all hold.
 *
 *     {"price": {"lte": 50}, "brand": ["a", "b"], "not": {"categories": "Gifts"}}
 */
import type { CatalogueItem, Property } from '../catalogue/item.ts';

export type Scalar = string | number | boolean;

/** What a value may be compared with. All that are given must hold. */
export interface Comparison {
  eq?: Scalar;
  in?: Scalar[];
  lt?: number | string;
  lte?: number | string;
  gt?: number | string;
  gte?: number | string;
  exists?: boolean;
}

/** The field must equal this, or one of these, or compare so. A list has what any of its entries is. */
export type Condition = Scalar | Scalar[] | Comparison;

/** `not`, `any` and `all` combine; every other name is a field of the item. */
export interface Expression {
  not?: Expression;
  any?: Expression[];
  all?: Expression[];
  [field: string]: Condition | Expression | Expression[] | undefined;
}

export type Predicate = (item: CatalogueItem) => boolean;

const COMBINATORS = new Set(['not', 'any', 'all']);

/** The expression as a function. */
export function predicateOf(expression: Expression): Predicate {
  const parts = Object.entries(expression).map(([name, value]): Predicate => {
    if (!COMBINATORS.has(name)) return fieldPredicate(name, value as Condition);
    const inner = [value].flat().map((each) => predicateOf(each as Expression));
    if (name === 'not') return (item) => !inner[0](item);
    return name === 'any'
      ? (item) => inner.some((holds) => holds(item))
      : (item) => inner.every((holds) => holds(item));
  });
  return (item) => parts.every((holds) => holds(item));
}

function fieldPredicate(name: string, condition: Condition): Predicate {
  const { eq, exists, ...comparison } = comparisonOf(condition);
  const wanted = comparison.in ?? (eq === undefined ? undefined : [eq]);
  const among = wanted && new Set(wanted);
  const compares = (value: Scalar) =>
    (among === undefined || among.has(value)) &&
    (comparison.in === undefined || eq === undefined || value === eq) &&
    inRange(value, comparison);
  const onlyExists = Object.keys(comparison).length === 0 && eq === undefined;
  return (item) => {
    const value = fieldOf(item, name);
    const found = value !== undefined;
    if (exists !== undefined && found !== exists) return false;
    if (onlyExists) return exists !== undefined || found;
    if (!found) return false;
    return typeof value === 'object' ? value.some(compares) : compares(value);
  };
}

function comparisonOf(condition: Condition): Comparison {
  if (Array.isArray(condition)) return { in: condition };
  return typeof condition === 'object' ? condition : { eq: condition };
}

/** Numbers compare with numbers and texts with texts; nothing else is in a range. */
function inRange(value: Scalar, { lt, lte, gt, gte }: Comparison): boolean {
  const alike = (bound: Scalar | undefined) => bound === undefined || typeof bound === typeof value;
  return (
    [lt, lte, gt, gte].every(alike) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte) &&
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte)
  );
}

/** A field by name; those that every item has come before properties. */
function fieldOf(item: CatalogueItem, name: string): Property | undefined {
  switch (name) {
    case 'id':
      return item.id;
    case 'title':
      return item.title;
    case 'categories':
      return item.categories;
    case 'new':
      return item.isNew ?? false;
    default:
      // A property may be called as something that every object has, such as `constructor`.
      return Object.hasOwn(item.properties ?? {}, name) ? item.properties![name] : undefined;
  }
}
