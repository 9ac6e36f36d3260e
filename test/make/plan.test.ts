/** What `npm run make` says of a log before it spends time on it. */
import { expect, test } from 'vitest';
import { adviceOn, type LogShape } from '../../scripts/make/advice.ts';
import { plansFor, trainingEnvironment } from '../../scripts/make/plan.ts';

/** A log of 200 users who each took 20 of 50 items. */
const HEALTHY: LogShape = {
  users: 200,
  items: 50,
  interactions: 4000,
  usable_users: 200,
  shared_items: 50,
  tied_rows: 0,
};

test('a healthy log needs no advice', () => {
  expect(adviceOn(HEALTHY)).toEqual({ errors: [], warnings: [] });
});

test.each<[string, Partial<LogShape>, string]>([
  ['one user', { users: 1, usable_users: 1 }, 'All interactions are of one user'],
  ['too few users', { usable_users: 10 }, '10 users have three interactions or more; at least 20 are needed'],
  ['nothing in common', { shared_items: 0 }, 'No item was taken by two users'],
  ['one time for all', { tied_rows: 4000 }, 'No user has two rows at different times'],
])('%s: an error that says what to do', (_, shape, message) => {
  const { errors } = adviceOn({ ...HEALTHY, ...shape });
  expect(errors.join('\n')).toContain(message);
});

test('a small log, a long tail, coarse timestamps: notes', () => {
  const shape = { ...HEALTHY, items: 500, shared_items: 10, interactions: 310, tied_rows: 200 };
  const { errors, warnings } = adviceOn(shape);
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    expect.stringContaining('490 of 500 items'),
    expect.stringContaining('310 interactions are few'),
    expect.stringContaining('200 of 310 rows share their time'),
  ]);
});

/** A log of so many users with so many interactions each. */
const logOf = (users: number, each: number): LogShape => {
  return { ...HEALTHY, users, usable_users: users, interactions: users * each };
};

test('small matrices are multiplied on one thread, large ones on all', () => {
  expect(trainingEnvironment(HEALTHY)).toMatchObject({ OMP_NUM_THREADS: '1' });
  for (const items of [HEALTHY.items, 9000]) {
    expect(trainingEnvironment({ ...HEALTHY, items, interactions: 100_000 })).not.toHaveProperty(
      'OMP_NUM_THREADS',
    );
  }
});

test('a small log of many items estimates the softmax over them', () => {
  const negatives = (items: number) =>
    plansFor({ ...logOf(2000, 18), items }).map(({ flags }) => flags.includes('--negatives'));
  expect(negatives(2000)).toEqual([false]);
  expect(negatives(10_000)).toEqual([true]);
});

test.each<[string, LogShape, string[]]>([
  ['few interactions: two sizes are tried', logOf(300, 15), ['--width 64 ', '--width 128 ']],
  ['many short histories', logOf(22_000, 9), ['--depth 3 ']],
  ['some long histories', logOf(600, 165), ['--depth 3 ']],
  ['many long histories', logOf(6000, 165), ['--depth 6 ']],
])('%s', (_, shape, depths) => {
  const plans = plansFor(shape).map(({ flags }) => flags.join(' '));
  expect(plans).toEqual(depths.map((depth) => expect.stringContaining(depth)));
  for (const plan of plans) expect(plan).toContain('--patience');
});

test('the window has room for four usual histories, and an epoch of a large log is a part of it', () => {
  const flagsOf = (shape: LogShape) => plansFor(shape)[0].flags.join(' ');
  expect(flagsOf(logOf(22_000, 9))).toContain('--window 64 ');
  expect(flagsOf(logOf(2000, 18))).toContain('--window 128 ');
  expect(flagsOf(logOf(6000, 165))).toContain('--window 512 ');
  expect(flagsOf(logOf(22_000, 9))).toContain('--fraction 1 ');
  expect(flagsOf(logOf(6000, 165))).toMatch(/--fraction 0\.2\d* /);
});

test('the fewer steps a small log has, the larger they are', () => {
  const rateOf = (users: number) => {
    const { flags } = plansFor(logOf(users, 15))[0];
    return Number(flags[flags.indexOf('--lr') + 1]);
  };
  const rates = [50, 200, 600, 2000, 22_000].map(rateOf);
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
  expect([rates[0], rates[3], rates[4]]).toEqual([0.003, 0.001, 0.001]);
});

test('a log of any length trains in bounded time: an epoch is of some of the users, and the plan says so', () => {
  expect(plansFor(logOf(6000, 165))[0].flags).not.toContain('--user-fraction');
  for (const [shape, share] of [
    [logOf(1_000_000, 20), '0.075'],
    [logOf(200_000, 100), '0.075'],
    [logOf(10_000_000, 100), '0.0015'],
  ] as const) {
    const [{ name, flags }] = plansFor(shape);
    const numberOf = (flag: string) => Number(flags[flags.indexOf(flag) + 1]);
    expect(flags[flags.indexOf('--user-fraction') + 1]).toBe(share);
    expect(name).toContain(`${100 * Number(share)} % of the users`);
    const read = numberOf('--epochs') * Number(share) * shape.interactions;
    expect(read).toBeLessThanOrEqual(40e6);
    expect(numberOf('--window')).toBeLessThanOrEqual(512);
  }
});
