/** What the types of events mean to a model: how it reads them, and what they hide. */
import { itemOf, TYPE_STRIDE, typeOf } from '../engine/token.ts';

/** As the model's manifest has it. */
export interface EventMeaning {
  /** Every type that the model knows, in the order of its tokens. */
  types: string[];
  /** What a list should lead to, unless a request says otherwise. null: any event that is not negative. */
  target: string | null;
  /** What must not be recommended again. null: whatever is not negative. */
  hide: string[] | null;
  /** Takes its item out of the history: a return, a removal. */
  remove: string[];
  /** Hides its item for good: a dislike. */
  forbid: string[];
}

/** Whether a list should lead to such events. */
export function isTarget({ target, remove, forbid }: EventMeaning, type: string | undefined): boolean {
  if (target !== null) return type === target;
  return type === undefined || !(remove.includes(type) || forbid.includes(type));
}

/** In what a user has had, an item that is hidden for good is marked like this. */
const FORBIDDEN = TYPE_STRIDE;

export class EventTypes {
  readonly meaning: EventMeaning;
  private readonly index: ReadonlyMap<string, number>;
  /** [types + 1 x width], what each adds to its item's vector. */
  private readonly vectors: Float32Array;
  /** [types + 1 x width], what each adds to S's final state when it is the target. */
  private readonly targets: Float32Array;
  private readonly width: number;
  /** By index of the type. */
  private readonly does: { hides: boolean; removes: boolean; forbids: boolean; negative: boolean }[];

  /** `table`: vectors then targets, one row for no type and one per type each. @throws {RangeError} */
  constructor(meaning: EventMeaning, table: Float32Array, width: number) {
    const rows = meaning.types.length + 1;
    if (table.length !== 2 * rows * width) {
      throw new RangeError(`the table of event types has ${table.length} numbers, not ${2 * rows * width}`);
    }
    this.meaning = meaning;
    this.width = width;
    this.index = new Map(meaning.types.map((name, at) => [name, at + 1]));
    this.vectors = table.subarray(0, rows * width);
    this.targets = table.subarray(rows * width);
    const { hide, remove, forbid } = meaning;
    this.does = [undefined, ...meaning.types].map((name) => {
      const [removes, forbids] = [remove, forbid].map((names) => name !== undefined && names.includes(name));
      const negative = removes || forbids;
      const hides = hide === null ? !negative : name !== undefined && hide.includes(name);
      return { hides, removes, forbids, negative };
    });
  }

  knows(type: string): boolean {
    return this.index.has(type);
  }

  /** An unknown type is read as none. */
  token(item: number, type: string | undefined): number {
    return item + TYPE_STRIDE * (type === undefined ? 0 : (this.index.get(type) ?? 0));
  }

  isNegative(token: number): boolean {
    return this.does[typeOf(token)].negative;
  }

  /** Whether a list should lead to such an event. */
  isTarget(token: number): boolean {
    const type = typeOf(token);
    return isTarget(this.meaning, type === 0 ? undefined : this.meaning.types[type - 1]);
  }

  /** Adds the vectors of the tokens' types to their items' rows, [tokens x width]. */
  addTo(rows: Float32Array, tokens: readonly number[]): void {
    const { width, vectors } = this;
    for (const [at, token] of tokens.entries()) {
      const from = typeOf(token) * width;
      for (let c = 0; c < width; c++) rows[at * width + c] += vectors[from + c];
    }
  }

  /** S's final state when this type is the target. */
  aimed(final: Float32Array, type = this.meaning.target): Float32Array {
    const index = type === null ? undefined : this.index.get(type);
    if (index === undefined) return final;
    const from = index * this.width;
    return final.map((value, c) => value + this.targets[from + c]);
  }

  /** The items that the user has and wants to have: without negative events and what they took out. */
  taken(tokens: readonly number[]): number[] {
    const gone = new Set<number>();
    const items: number[] = [];
    for (const token of tokens.toReversed()) {
      const item = itemOf(token);
      if (this.does[typeOf(token)].negative) gone.add(item);
      else if (!gone.has(item)) items.push(item);
    }
    return items.reverse();
  }

  /** What a user has had, ascending, after more events; `before` is what this returned earlier. */
  had(before: Int32Array, tokens: readonly number[]): Int32Array {
    const had = new Set(before);
    for (const token of tokens) {
      const item = itemOf(token);
      const { hides, removes, forbids } = this.does[typeOf(token)];
      if (hides) had.add(item);
      if (removes) had.delete(item);
      if (forbids) had.add(item + FORBIDDEN);
    }
    return Int32Array.from(had).sort();
  }
}

/** Whether an entry of what a user has had is hidden for good. */
export const isForbidden = (entry: number): boolean => entry >= FORBIDDEN;

/** `EventTypes.taken`, where a model knows no types. */
export function takenItems(types: EventTypes | undefined, tokens: readonly number[]): readonly number[] {
  return types === undefined ? tokens : types.taken(tokens);
}
