/**
 * Which items an expression holds for, where trained items are not in memory. Of these only ids and
 * categories are known; what else an expression may name was said since the training, of some of them.
 */
import type { ItemMask } from '../../engine/ranking.ts';
import { type Comparison, type Condition, type Expression, predicateOf } from '../../rules/expression.ts';
import type { CatalogueItem } from '../item.ts';
import { corrected, type ItemRecord } from '../record.ts';
import type { Postings } from './postings.ts';

interface Known {
  size: number;
  trained: number;
  indexOf(id: string): number | undefined;
  categories: Postings;
  records: ReadonlyMap<number, ItemRecord>;
  added: readonly CatalogueItem[];
}

/** An item of which nothing is known. */
const BARE: CatalogueItem = { id: '', title: '', categories: [], count: 0 };
const COMBINATORS = new Set(['not', 'any', 'all']);

export function where(expression: Expression, known: Known): ItemMask {
  const masks = Object.entries(expression).map(([name, value]) => {
    if (!COMBINATORS.has(name)) return whereField(name, value as Condition, known);
    const inner = [value].flat().map((each) => where(each as Expression, known));
    if (name === 'not') return inner[0].map((bit) => 1 - bit);
    return name === 'any' ? combined(inner, known.size, 0) : combined(inner, known.size, 1);
  });
  return combined(masks, known.size, 1);
}

/** Why it can't be told which items the expression holds for; undefined where it can. */
export function refusal(expression: Expression): string | undefined {
  for (const [name, value] of Object.entries(expression)) {
    if (COMBINATORS.has(name)) {
      const inner = [value].flat().map((each) => refusal(each as Expression));
      const first = inner.find((each) => each !== undefined);
      if (first) return first;
    } else if (name === 'title' || (name === 'id' && idsIn(value as Condition) === null)) {
      return `In a catalogue of this size no filter can look at every ${name}`;
    }
  }
  return undefined;
}

/** All of the masks where `and` is 1, else any of them. */
function combined(masks: ItemMask[], size: number, and: 0 | 1): ItemMask {
  const result = new Uint8Array(size).fill(and);
  for (const mask of masks) {
    for (let item = 0; item < size; item++) {
      if (and) result[item] &= mask[item];
      else result[item] |= mask[item];
    }
  }
  return result;
}

function whereField(name: string, condition: Condition, known: Known): ItemMask {
  const holds = predicateOf({ [name]: condition });
  const mask = new Uint8Array(known.size).fill(Number(holds(BARE)));
  if (name === 'categories') {
    // A list has what any of its entries is.
    for (const { name: category } of known.categories.entries()) {
      if (!holds({ ...BARE, categories: [category] })) continue;
      for (const item of known.categories.get(category)) mask[item] = 1;
    }
  }
  for (const id of name === 'id' ? (idsIn(condition) ?? []) : []) {
    const item = known.indexOf(id);
    if (item !== undefined) mask[item] = Number(holds({ ...BARE, id }));
  }
  for (const [item, record] of known.records) {
    const says = name === 'categories' || name === 'title' ? record[name] !== undefined : name !== 'id';
    if (says) mask[item] = Number(holds(corrected(BARE, record)));
  }
  for (const [at, item] of known.added.entries()) mask[known.trained + at] = Number(holds(item));
  return mask;
}

/** The ids that a condition names; null when it compares in another way. */
function idsIn(condition: Condition): string[] | null {
  if (typeof condition !== 'object' || Array.isArray(condition)) return [condition].flat().map(String);
  const { eq, in: among, ...others }: Comparison = condition;
  if (Object.keys(others).length > 0 || (eq === undefined && among === undefined)) return null;
  return (among ?? [eq!]).map(String);
}
