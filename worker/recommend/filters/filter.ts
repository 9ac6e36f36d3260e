/** What a filter is: a field of the request, and what it does to the items that a list may hold. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { ItemMask } from '../../engine/ranking.ts';
import type { Expression } from '../../rules/expression.ts';

/** What a field of each kind holds. `http/schemas/lists.ts` reads it from a body or from a URL. */
export interface FieldValues {
  /** Item ids. */
  ids: string[];
  /** Names, as of categories. */
  names: string[];
  /** Undefined: the model's default. */
  flag: boolean | undefined;
  /** A filter over what items say of themselves. */
  expression: Expression | undefined;
}

export type FieldKind = keyof FieldValues;

/** A request's field as the API documents it. Every field is optional: no ids, no names, the default flag. */
export interface Field<Kind extends FieldKind> {
  kind: Kind;
  description: string;
  /** Most entries of a list. */
  most?: number;
  example?: FieldValues[Kind];
}

/** What a filter may look at. */
export interface FilterContext {
  catalogue: Catalogue;
  /** What the model's manifest says; requests may differ. */
  includeSeen: boolean;
  /** Indices of the items that the user has had, ascending. */
  had: Int32Array;
}

export interface Filter<Kind extends FieldKind> {
  field: Field<Kind>;
  /** Sets the mask to 0 for each item that the list must not hold. */
  apply(mask: ItemMask, value: FieldValues[Kind], context: FilterContext): void;
  /**
   * Entries that the catalogue can't know, for which the request is refused. Without it, nothing is refused.
   */
  unknown?(value: FieldValues[Kind], catalogue: Catalogue): UnknownEntry[];
}

/** An entry at fault: its position in a field that is a list, and what the caller can do about it. */
export interface UnknownEntry {
  index?: number;
  message: string;
}

/** The filter itself; it only fixes the kind for the type checker. */
export function defineFilter<Kind extends FieldKind>(filter: Filter<Kind>): Filter<Kind> {
  return filter;
}
