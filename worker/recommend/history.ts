import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Event } from '../history/event.ts';

/** A history in the terms of one model. */
export interface KnownHistory {
  /** Events whose items the model knows, oldest first. */
  events: Event[];
  /** The item index of each of them. */
  items: number[];
  /** Ids that the model does not know, each once. */
  ignored: string[];
}

/** Looks up the items of the events. */
export function resolve(catalogue: Catalogue, all: readonly Event[]): KnownHistory {
  const events: Event[] = [];
  const items: number[] = [];
  const ignored = new Set<string>();
  for (const event of all) {
    const index = catalogue.indexOf(event.item);
    if (index === undefined) ignored.add(event.item);
    else {
      events.push(event);
      items.push(index);
    }
  }
  return { events, items, ignored: [...ignored] };
}
