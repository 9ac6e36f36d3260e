/** Each yardstick on a log small enough to work its scores out by hand. */
import { expect, test } from 'vitest';
import { ease } from '../../scripts/evaluate/yardsticks/ease.ts';
import { easeWeights } from '../../scripts/evaluate/yardsticks/ease-weights.ts';
import { itemKnn } from '../../scripts/evaluate/yardsticks/item-knn.ts';
import { popular } from '../../scripts/evaluate/yardsticks/popular.ts';
import type { TrainingLog } from '../../scripts/evaluate/yardsticks/training-log.ts';
import { firstOrder, transitions } from '../../scripts/evaluate/yardsticks/transitions.ts';
import { vmisKnn } from '../../scripts/evaluate/yardsticks/vmis-knn.ts';
import type { Settings, Yardstick } from '../../scripts/evaluate/yardsticks/yardstick.ts';

function logOf(items: number, ...histories: number[][]): TrainingLog {
  return { histories: histories.map((history) => Int32Array.from(history)), items };
}

/** The scores of all items after a history, to three digits. */
function scores(yardstick: Yardstick, log: TrainingLog, history: number[], settings: Settings = {}) {
  const found = new Float64Array(log.items);
  yardstick.fit(log)(settings)(history, found);
  return Array.from(found, (score) => Number(score.toFixed(3)));
}

/** Three users, five items, the last of which nobody took. */
const LOG = logOf(5, [0, 1, 2], [0, 1, 3], [1, 2]);

test('popular: how often each item was taken', () => {
  expect(scores(popular, LOG, [3])).toEqual([2, 3, 2, 1, 0]);
});

test('first-order: the share of each item among those that came right after the newest one', () => {
  expect(scores(firstOrder, LOG, [0])).toEqual([0, 1, 0, 0, 0]);
  // After 1 came 2, 3, 2. What stands before the newest item changes nothing.
  expect(scores(firstOrder, LOG, [0, 1])).toEqual([0, 0, 0.667, 0.333, 0]);
  // Nothing ever came after 3 or 4.
  expect(scores(firstOrder, LOG, [1, 4])).toEqual([0, 0, 0, 0, 0]);
});

test('transitions: distances weigh 1 / d, rows are shares, each older item weighs less by the decay', () => {
  // Row 0: item 1 twice at distance 1, items 2 and 3 once each at distance 2: [0, 2, 1/2, 1/2] / 3.
  // Row 1: [0, 0, 2, 1] / 3.
  expect(scores(transitions, LOG, [0], { reverse: 0, decay: 0.5 })).toEqual([0, 0.667, 0.167, 0.167, 0]);
  // Row 1 + .5 * row 0.
  expect(scores(transitions, LOG, [0, 1], { reverse: 0, decay: 0.5 })).toEqual([0, 0.333, 0.75, 0.417, 0]);
});

test('transitions: what came before an item counts as a share of what came after', () => {
  const chain = logOf(3, [0, 1, 2]);
  // Row 1: item 2 after it, item 0 before it, half as much.
  expect(scores(transitions, chain, [1], { reverse: 0.5, decay: 0.5 })).toEqual([0.333, 0, 0.667]);
});

test('transitions reach ten items ahead, and look at the newest twenty', () => {
  const chain = logOf(32, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const ahead = scores(transitions, chain, [0], { reverse: 0, decay: 0.5 });
  // 1 + 1/2 + ... + 1/10 = 2.929, and 1 / 2.929 = .341.
  expect(ahead[1]).toBe(0.341);
  expect(ahead[10]).toBe(0.034);
  expect(ahead[11]).toBe(0);
  const later = (count: number) => [10, ...Array.from({ length: count }, (_, i) => 12 + i)];
  expect(scores(transitions, chain, later(19), { reverse: 0, decay: 1 })[11]).toBe(1);
  expect(scores(transitions, chain, later(20), { reverse: 0, decay: 1 })[11]).toBe(0);
});

test('item-kNN: shrunk cosines between the columns of users', () => {
  // Taken by n = [2, 3, 2, 1, 0] users; 0 and 1 together by 2, 0 and 2 by 1, 0 and 3 by 1.
  // 2 / sqrt(6) = .816, 1 / sqrt(4) = .5, 1 / sqrt(2) = .707 (to three digits).
  const settings = { neighbours: 10, shrinkage: 0, decay: 0.5 };
  expect(scores(itemKnn, LOG, [0], settings)).toEqual([0, 0.816, 0.5, expect.closeTo(Math.SQRT1_2, 3), 0]);
  // 2 / (sqrt(6) + 10) = .161, 1 / 12 = .083, 1 / (sqrt(2) + 10) = .088.
  expect(scores(itemKnn, LOG, [0], { ...settings, shrinkage: 10 })).toEqual([0, 0.161, 0.083, 0.088, 0]);
  // Only the most similar one is a neighbour.
  expect(scores(itemKnn, LOG, [0], { ...settings, neighbours: 1 })).toEqual([0, 0.816, 0, 0, 0]);
  // Row 0 + .5 * row 2, which is [.5, .816, 0, 0, 0].
  expect(scores(itemKnn, LOG, [2, 0], settings)).toEqual([
    0.25,
    1.225,
    0.5,
    expect.closeTo(Math.SQRT1_2, 3),
    0,
  ]);
});

test('item-kNN counts users, not events', () => {
  const once = logOf(3, [0, 1], [0, 2]);
  const often = logOf(3, [0, 1, 0, 1, 1], [0, 2]);
  const settings = { neighbours: 10, shrinkage: 0, decay: 1 };
  expect(scores(itemKnn, often, [0], settings)).toEqual(scores(itemKnn, once, [0], settings));
});

test('VMIS-kNN: the sessions nearest to the newest items give their items a score', () => {
  const all = { newest: 5, sessions: 10, neighbours: 10 };
  // Rarity is log(3 / holders): log(3/2) = .405, log 1 = 0, log(3/2), log 3 = 1.099. After [0, 1] item 1
  // weighs 1 and item 0 weighs 1/2, so the sessions have 1.5, 1.5 and 1. All share the newest item, hence *
  // .9. Item 0 gets (1.35 + 1.35) * .405, item 2 (1.35 + .9) * .405, item 3 1.35 * 1.099.
  expect(scores(vmisKnn, LOG, [0, 1], all)).toEqual([1.095, 0, 0.912, 1.483, 0]);
  // Of the two nearest sessions the more recent one counts.
  expect(scores(vmisKnn, LOG, [0, 1], { ...all, neighbours: 1 })).toEqual([0.547, 0, 0, 1.483, 0]);
  // The most recent session of all that share an item.
  expect(scores(vmisKnn, LOG, [0, 1], { ...all, sessions: 1 })).toEqual([0, 0, 0.365, 0, 0]);
  // Item 0 is the second newest: weight 1/2, and two sessions that share nothing newer, hence * .8.
  expect(scores(vmisKnn, LOG, [0, 4], all)).toEqual([0.324, 0, 0.162, 0.439, 0]);
  // Only the newest item is looked at, and nobody took it.
  expect(scores(vmisKnn, LOG, [0, 4], { ...all, newest: 1 })).toEqual([0, 0, 0, 0, 0]);
});

test('EASE: the weights of the closed form', () => {
  const log = logOf(4, [0, 2], [0]);
  // Items 0 and 2: G + I = [[3, 1], [1, 2]], its inverse [[2, -1], [-1, 3]] / 5.
  // From 0 to 2: -(-1) / 3. From 2 to 0: -(-1) / 2.
  expect(scores(ease, log, [0], { lambda: 1, decay: 1 })).toEqual([0, 0, 0.333, 0]);
  expect(scores(ease, log, [2], { lambda: 1, decay: 1 })).toEqual([0.5, 0, 0, 0]);
  // The older of the two items weighs half; an item that nobody took says nothing.
  expect(scores(ease, log, [2, 0], { lambda: 1, decay: 0.5 })).toEqual([0.25, 0, 0.333, 0]);
  expect(scores(ease, log, [0, 3], { lambda: 1, decay: 1 })).toEqual([0, 0, 0.333, 0]);
});

test('the weights of a log are taken once, whoever asks for them, and are those of their lambda', () => {
  const gram = Float64Array.of(3, 1, 1, 2);
  const weights = easeWeights(gram, 2, 1);
  expect(easeWeights(gram.slice(), 2, 1)).toBe(weights);
  // The inverse of [[4, 1], [1, 3]] is [[3, -1], [-1, 4]] / 11.
  expect([...weights].map((weight) => Number(weight.toFixed(4)))).toEqual([0, 0.25, 0.3333, 0]);
  expect([...easeWeights(gram, 2, 2)].map((weight) => Number(weight.toFixed(4)))).toEqual([0, 0.2, 0.25, 0]);
});
