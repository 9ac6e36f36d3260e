/** Something that a user did with an item. */
export interface Event {
  /** Any well-formed id; the item may be newer than the model. */
  item: string;
  /** Seconds or milliseconds since 1970, as the caller counts. Stored, not interpreted. */
  time?: number;
  /** What happened, for example `view` or `purchase`. Stored, not interpreted. */
  type?: string;
}

/**
 * What a model reads of an event, as text without line breaks. Two histories with the same keys have the same
 * state, so every field that a model reads must be part of the key. Today's models read the item alone.
 */
export function eventKey({ item }: Event): string {
  return item;
}
