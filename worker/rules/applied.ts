/** What the rules that hold now do to a catalogue's items. */
import { BUDGET } from '../cache/budget.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { ModelUnavailable } from '../engine/errors.ts';
import type { ItemMask } from '../engine/ranking.ts';
import { holds, type Rule } from './rule.ts';

export interface AppliedRules {
  /** Names of the rules that hold, for caches' keys. */
  names: string[];
  /** Items that no list may hold. */
  hidden?: ItemMask;
  /** Items that come first. */
  pinned?: ItemMask;
  /** Added to scores that are logarithms, [items]. */
  boosts?: Float32Array;
  /** Names of the rules that touch an item. */
  touching(item: number): string[];
  /** What all of this takes of memory. */
  bytes: number;
}

/** The objects of a set, rather too much than too little. */
const SET_BYTES = 10_000;

/** Sets of rules per catalogue: one per variant, and a few for the times at which rules begin and end. */
const kept = new WeakMap<Catalogue, Map<string, AppliedRules>>();

/**
 * The rules that hold now; made once while they and the catalogue stay the same. Throws ModelUnavailable when
 * the catalogue can't tell which items one is of.
 */
export function appliedRules(rules: readonly Rule[], catalogue: Catalogue, now: number): AppliedRules {
  const current = rules.filter((rule) => holds(rule, now));
  const known = kept.get(catalogue) ?? new Map<string, AppliedRules>();
  kept.set(catalogue, known);
  const key = JSON.stringify(current);
  const found = known.get(key);
  if (found) return found;
  const applied = apply(current, catalogue);
  known.set(key, applied);
  dropOldest(known);
  return applied;
}

/** Keeps to the budget, or to one set where that takes more. */
function dropOldest(known: Map<string, AppliedRules>): void {
  let bytes = [...known].reduce((sum, [key, { bytes }]) => sum + SET_BYTES + 2 * key.length + bytes, 0);
  for (const [key, oldest] of known) {
    if (bytes <= BUDGET.rules || known.size === 1) return;
    known.delete(key);
    bytes -= SET_BYTES + 2 * key.length + oldest.bytes;
  }
}

/** A function of its own: as one of `apply` it would keep all of the masks there. */
const touching = (rules: readonly { name: string; bits: Uint8Array }[]) => (item: number) =>
  rules.filter(({ bits }) => (bits[item >> 3] >> (item & 7)) & 1).map(({ name }) => name);

/** One bit per item: rules are many, and items may be a million. */
function bitsOf(mask: ItemMask): Uint8Array {
  const bits = new Uint8Array(Math.ceil(mask.length / 8));
  for (let item = 0; item < mask.length; item++) if (mask[item]) bits[item >> 3] |= 1 << (item & 7);
  return bits;
}

function apply(rules: readonly Rule[], catalogue: Catalogue): AppliedRules {
  const masks = rules.map((rule) => {
    const refusal = catalogue.refusal(rule.filter);
    // A list without the rule would be wrong: it may hide what must not be shown.
    if (refusal) throw new ModelUnavailable('rule_refused', `rule ${rule.name}: ${refusal}`);
    return { rule, mask: catalogue.where(rule.filter) };
  });
  const union = (action: Rule['action']): ItemMask | undefined => {
    const some = masks.filter(({ rule }) => rule.action === action);
    if (some.length === 0) return undefined;
    return some[0].mask.map((_, item) => Number(some.some(({ mask }) => mask[item])));
  };
  const weighing = masks.filter(({ rule: { action } }) => action === 'boost' || action === 'bury');
  const boosts = weighing.length > 0 ? new Float32Array(catalogue.size) : undefined;
  for (const { rule, mask } of weighing) {
    const added = Math.log(rule.factor) * (rule.action === 'boost' ? 1 : -1);
    for (let item = 0; item < mask.length; item++) if (mask[item]) boosts![item] += added;
  }
  const touched = masks.map(({ rule: { name }, mask }) => ({ name, bits: bitsOf(mask) }));
  const [hidden, pinned] = [union('hide'), union('pin')];
  const arrays = [hidden, pinned, boosts, ...touched.map(({ bits }) => bits)];
  return {
    names: rules.map(({ name }) => name),
    hidden,
    pinned,
    boosts,
    touching: touching(touched),
    bytes: arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0),
  };
}
