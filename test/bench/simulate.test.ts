/** The simulation on paper, where its answers are known. */
import { expect, test } from 'vitest';
import { costsOf, totalOf, usageOf } from '../../scripts/simulate/costs.ts';
import { replay } from '../../scripts/simulate/replay.ts';
import { patternOf } from '../../scripts/simulate/visits.ts';
import { seededRandom } from '../fixtures/random.ts';

const HOUR = 60 * 60;
const DAY = 24 * HOUR;
const USUAL = { users: 200, states: 1000, expiryDays: 30, isolateHours: 10_000 };

test('half an hour without an event ends a visit', () => {
  const times = [0, 10, 10 + HOUR / 2, 20 + HOUR / 2, 5 * DAY];
  expect(patternOf(times.toReversed()).map(({ visit }) => visit)).toEqual([0, 0, 1, 1, 2]);
});

test('every request is found somewhere, and a first one nowhere', () => {
  const traffic = replay([patternOf([0])], USUAL, seededRandom(1));
  expect(traffic).toEqual({ requests: 200, isolate: 0, kv: 0, miss: 200, writes: 200, isolates: 1 });
});

test('an isolate with room finds who comes back; one without leaves it to KV, until states expire', () => {
  const daily = [patternOf(Array.from({ length: 120 }, (_, day) => day * DAY))];
  const at = (change: object) => replay(daily, { ...USUAL, ...change }, seededRandom(1));
  const roomy = at({});
  expect(roomy.isolate / roomy.requests).toBeGreaterThan(0.95);
  const narrow = at({ states: 20 });
  expect(narrow.isolate / narrow.requests).toBeLessThan(0.05);
  expect(narrow.kv / narrow.requests).toBeGreaterThan(0.9);
  const forgetful = at({ states: 20, expiryDays: 0.5 });
  expect(forgetful.miss).toBe(forgetful.requests - forgetful.isolate);
  const shortLived = at({ isolateHours: 1 });
  expect(shortLived.isolate).toBe(0);
});

test('a sample of many users tells what a whole replay tells', () => {
  const weekly = [patternOf([0, 7 * DAY, 14 * DAY]), patternOf([0, 60, 120, 9 * DAY])];
  const share = (users: number, states: number) => {
    const { requests, isolate } = replay(weekly, { ...USUAL, users, states }, seededRandom(2));
    return isolate / requests;
  };
  // Five thousand users are replayed whole; of twenty times as many, one in twenty.
  expect(share(100_000, 20 * 2500)).toBeCloseTo(share(5000, 2500), 1);
});

test('events within a second share a write of the state', () => {
  const { requests, writes } = replay([patternOf([0, 0.2, 0.4, 5])], USUAL, seededRandom(1));
  expect(writes / requests).toBeCloseTo(0.5, 1);
});

test('a month costs the plan until something goes beyond what it includes', () => {
  const per = { cpuMs: 5, stateBytes: 40_000, databaseBytes: 24_000, rowsRead: 118, rowsWritten: 5 };
  const month = (requests: number, users: number) => {
    const traffic = { requests, isolate: 0, kv: requests, miss: 0, writes: requests, isolates: 1 };
    return costsOf(usageOf(traffic, users, per));
  };
  expect(totalOf(month(400_000, 10_000))).toBe(5);
  const large = month(100e6, 10_000);
  const expected = {
    kv_writes: 99 * 5,
    requests: 90 * 0.3,
    rows_written: 450,
    object_calls: 199 * 0.15,
    kv_gb: 0,
  };
  for (const [what, dollars] of Object.entries(expected)) {
    expect(large[what as keyof typeof expected], what).toBeCloseTo(dollars);
  }
});
