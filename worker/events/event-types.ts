/**
 * What the types of events mean to a model: how it reads them, and what they hide.
 *
 * A negative event takes its item out of the history: neither it nor any earlier event of its item is read.
 * What is left is a function of the events alone, and the same in steps as at once. Training reads histories
 * alike (`scripts/train/earn_train/events.py`).
 */
import { itemOf, TYPE_STRIDE, typeOf } from '../engine/token.ts';

/** As the model's manifest has it. */
export interface EventMeaning {
  /** Every type that the model knows, in the order of its tokens. */
  types: string[];
  /** What a list should lead to, unless a request says otherwise. null: any event that is not negative. */
  target: string | null;
  /** What must not be recommended again. null: whatever is not negative. */
  hide: string[] | null;
  /** Takes its item out of the history, and it is no longer hidden: a return, a removal. */
  remove: string[];
  /** Takes its item out of the history, and hides it for good: a dislike. */
  forbid: string[];
}

/** Whether such an event takes its item out of the history. */
export function isNegative({ remove, forbid }: EventMeaning, type: string | undefined): boolean {
  return type !== undefined && (remove.includes(type) || forbid.includes(type));
}

/** Whether a list should lead to such events. */
export function isTarget(meaning: EventMeaning, type: string | undefined): boolean {
  return meaning.target === null ? !isNegative(meaning, type) : type === meaning.target;
}

/** The events, oldest first, that are neither negative nor taken out by a later one of their item. */
export function standing<E>(
  events: readonly E[],
  itemOf: (event: E) => unknown,
  isNegative: (event: E) => boolean,
): E[] {
  const gone = new Set<unknown>();
  const kept: E[] = [];
  for (const event of events.toReversed()) {
    if (isNegative(event)) gone.add(itemOf(event));
    else if (!gone.has(itemOf(event))) kept.push(event);
  }
  return kept.reverse();
}

/** In what a user has had, an item that is hidden for good is marked like this. */
const FORBIDDEN = TYPE_STRIDE;

interface TableShape {
  width: number;
  levels: number;
  codebook: number;
}

export class EventTypes {
  readonly meaning: EventMeaning;
  private readonly index: ReadonlyMap<string, number>;
  /** [types + 1 x width], what each adds to its item's vector. */
  private readonly vectors: Float32Array;
  /** [types + 1 x width], what each adds to S's final state when it is the target. */
  private readonly targets: Float32Array;
  /** [types + 1 x levels * codebook], what each adds to the logits of the codes when it is the target. */
  private readonly codes: Float32Array;
  private readonly width: number;
  /** By index of the type. */
  private readonly does: { hides: boolean; removes: boolean; forbids: boolean; negative: boolean }[];

  /** `table`: vectors, targets, codes, one row for no type and one per type each. @throws {RangeError} */
  constructor(meaning: EventMeaning, table: Float32Array, { width, levels, codebook }: TableShape) {
    const rows = meaning.types.length + 1;
    const expected = rows * (2 * width + levels * codebook);
    if (table.length !== expected) {
      throw new RangeError(`the table of event types has ${table.length} numbers, not ${expected}`);
    }
    this.meaning = meaning;
    this.width = width;
    this.index = new Map(meaning.types.map((name, at) => [name, at + 1]));
    this.vectors = table.subarray(0, rows * width);
    this.targets = table.subarray(rows * width, 2 * rows * width);
    this.codes = table.subarray(2 * rows * width);
    const { hide, remove, forbid } = meaning;
    this.does = [undefined, ...meaning.types].map((name) => {
      const [removes, forbids] = [remove, forbid].map((names) => name !== undefined && names.includes(name));
      const negative = isNegative(meaning, name);
      const hides = hide === null ? !negative : name !== undefined && hide.includes(name);
      return { hides, removes, forbids, negative };
    });
  }

  /** The types that a list can be made to lead to: none where the training had no target. */
  get possibleTargets(): string[] {
    const { types, target } = this.meaning;
    return target === null ? [] : types.filter((name) => !isNegative(this.meaning, name));
  }

  /** An unknown type is read as none. */
  token(item: number, type: string | undefined): number {
    return item + TYPE_STRIDE * (type === undefined ? 0 : (this.index.get(type) ?? 0));
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
    const index = this.indexOf(type);
    if (index === undefined) return final;
    const from = index * this.width;
    return final.map((value, c) => value + this.targets[from + c]);
  }

  /** What is added to the logits of the codes, [levels * codebook], when this type is the target. */
  codeShift(type = this.meaning.target): Float32Array | undefined {
    const index = this.indexOf(type);
    const size = this.codes.length / (this.index.size + 1);
    return index === undefined ? undefined : this.codes.subarray(index * size, (index + 1) * size);
  }

  /** The tokens that a history consists of: `standing`. */
  standing(tokens: readonly number[]): readonly number[] {
    const isNegative = (token: number) => this.does[typeOf(token)].negative;
    return tokens.some(isNegative) ? standing(tokens, itemOf, isNegative) : tokens;
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

  private indexOf(type: string | null): number | undefined {
    return type === null ? undefined : this.index.get(type);
  }
}

/** Whether an entry of what a user has had is hidden for good. */
export const isForbidden = (entry: number): boolean => entry >= FORBIDDEN;
