import type { Catalogue } from './catalogue.ts';
import { fail, type Place, quote } from './errors.ts';
import { checkId } from './fields.ts';

export const SPLITS = ['train', 'valid', 'test'];

/**
 * Interactions as columns of numbers, in the order of the source: 21 bytes per row, so that tens of millions
 * of rows fit in memory. Row `r` is user `users[user[r]]` with item `catalogue.items[item[r]]` at `time[r]`.
 */
export class Interactions {
  readonly catalogue: Catalogue;
  readonly file: string;
  /** User ids in order of first appearance. */
  readonly users: string[] = [];
  count = 0;
  user = new Uint32Array(1024);
  item = new Uint32Array(1024);
  time = new Float64Array(1024);
  /** Line in the source, for messages. */
  line = new Uint32Array(1024);
  /** Index into {@link SPLITS}; meaningful only when {@link hasSplit}. */
  split = new Uint8Array(1024);
  hasSplit = false;
  readonly #addUnlisted: boolean;
  readonly #userIndex = new Map<string, number>();

  /** @param addUnlisted whether items missing from the catalogue are added to it or an error */
  constructor(catalogue: Catalogue, file: string, addUnlisted: boolean) {
    this.catalogue = catalogue;
    this.file = file;
    this.#addUnlisted = addUnlisted;
  }

  /** @throws {DataError} at a malformed id, an item that is not listed, or an unknown split */
  add(userId: string, itemId: string, time: number, place: Place, split?: string): void {
    if (this.count === this.user.length) this.#grow();
    const row = this.count++;
    this.user[row] = this.#userIndex.get(userId) ?? this.#addUser(userId, place);
    this.item[row] = this.catalogue.indexOf(itemId) ?? this.#unlistedItem(itemId, place);
    this.time[row] = time;
    this.line[row] = place.line;
    if (split !== undefined) this.split[row] = splitIndex(split, place);
  }

  #addUser(id: string, place: Place): number {
    const index = this.users.push(checkId(id, place, 'user_id')) - 1;
    this.#userIndex.set(id, index);
    return index;
  }

  #unlistedItem(id: string, place: Place): number {
    checkId(id, place, 'item_id');
    if (this.#addUnlisted) return this.catalogue.addUnlisted(id);
    fail(place, 'item_id', `${quote(id)} is not in the item file (--allow-unlisted adds it)`);
  }

  #grow(): void {
    this.user = doubled(this.user, Uint32Array);
    this.item = doubled(this.item, Uint32Array);
    this.time = doubled(this.time, Float64Array);
    this.line = doubled(this.line, Uint32Array);
    this.split = doubled(this.split, Uint8Array);
  }
}

function splitIndex(split: string, place: Place): number {
  const index = SPLITS.indexOf(split);
  if (index < 0) fail(place, 'split', `expected ${SPLITS.join(', ')}, found ${quote(split)}`);
  return index;
}

function doubled<T extends { length: number; set(from: T): void }>(
  old: T,
  Type: new (length: number) => T,
): T {
  const next = new Type(old.length * 2);
  next.set(old);
  return next;
}
