/** What a shop has said of an item since the training: the truth of the live catalogue, one per item. */
import { textOf } from '../text/text.ts';
import type { Availability, CatalogueItem, Properties, Property } from './item.ts';

export interface ItemRecord extends Availability {
  id: string;
  /** @default the model's */
  title?: string;
  /** @default the model's */
  categories?: string[];
  properties?: Properties;
  /**
   * The words that its vector is made of where a model was not trained with it. They are those of its first
   * title: a vector that changed would make users' states wrong.
   */
  words?: string;
  deleted?: true;
}

/** A change of one field; null takes it back, undefined leaves it. */
type Change<T> = { [Field in keyof T]?: T[Field] | null };

/** What a caller may change of an item. */
export type ItemFields = Change<Pick<ItemRecord, 'title' | 'categories' | keyof Availability>> & {
  properties?: Readonly<Record<string, Property | null>> | null;
};

export type ItemChange =
  /** The item is exactly this. */
  | { kind: 'put'; id: string; fields: ItemFields }
  /** These fields change. `known`: the model has the item, whether or not anything was said of it. */
  | { kind: 'patch'; id: string; fields: ItemFields; known: boolean }
  | { kind: 'delete'; id: string; known: boolean };

/** The record after the change; null when there is no such item. */
export function changed(record: ItemRecord | undefined, change: ItemChange): ItemRecord | null {
  const { id } = change;
  const exists = record !== undefined && !record.deleted;
  switch (change.kind) {
    case 'put':
      return merged({ id, ...(record?.words !== undefined && { words: record.words }) }, change.fields);
    case 'patch':
      if (!exists && !(change.known && record === undefined)) return null;
      return merged(record ?? { id }, change.fields);
    case 'delete':
      return record || change.known ? { ...record, id, deleted: true } : null;
  }
}

function merged(record: ItemRecord, { properties, ...fields }: ItemFields): ItemRecord {
  const result = { ...record, ...given(fields) } as ItemRecord;
  if (properties === null) delete result.properties;
  else if (properties) result.properties = withoutNull({ ...record.properties, ...properties }) as Properties;
  if (result.available === true) delete result.available;
  // Always in this order, so that equal records are equal as text.
  const {
    id,
    words,
    title,
    categories,
    properties: all,
    ...rest
  } = withoutNull(result) as unknown as ItemRecord;
  const fixed = words ?? (title === undefined ? undefined : textOf(title, categories));
  return given({ id, words: fixed, title, categories, properties: all, ...rest }) as unknown as ItemRecord;
}

const given = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const withoutNull = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

/** A trained item with what was said of it. */
export function corrected(item: CatalogueItem, { words: _, ...said }: ItemRecord): CatalogueItem {
  return { ...item, ...said };
}

/** An item that no training has seen. */
export function newItem({ id, title = id, categories = [], words: _, ...said }: ItemRecord): CatalogueItem {
  return { id, title, categories, count: 0, ...said, isNew: true };
}
