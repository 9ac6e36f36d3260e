/** Something that a user did with an item. */
export interface Event {
  /** Any well-formed id; the item may be newer than the model. */
  item: string;
  /** Seconds or milliseconds since 1970, as the caller counts. Stored, not interpreted. */
  time?: number;
  /** What happened, for example `view` or `purchase`. Models may know some types, and read others as none. */
  type?: string;
}

/**
 * What a model reads of an event, as text without line breaks. Two histories with the same keys have the same
 * state, so every field that a model may read is part of the key. No id and no type has control characters.
 */
export function eventKey({ item, type }: Event): string {
  return type === undefined ? item : `${item}\u001f${type}`;
}
