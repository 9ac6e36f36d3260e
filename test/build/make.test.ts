/** What `npm run make` says of a log before it spends time on it. */
import { expect, test } from 'vitest';
import { adviceOn, type LogShape } from '../../scripts/make/advice.ts';
import { trainingEnvironment, trainingFlags } from '../../scripts/make/plan.ts';

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

test('a small model is trained on one thread, a large one on all', () => {
  expect(trainingEnvironment(HEALTHY)).toMatchObject({ OMP_NUM_THREADS: '1' });
  expect(trainingEnvironment({ ...HEALTHY, interactions: 100_000 })).not.toHaveProperty('OMP_NUM_THREADS');
});

test('an epoch of a small log is all of it; of a large one a part', () => {
  const small = trainingFlags(HEALTHY, false).join(' ');
  expect(small).toContain('--depth 3 ');
  expect(small).toContain('--fraction 1');
  const large = trainingFlags({ ...HEALTHY, interactions: 1_000_000 }, true).join(' ');
  expect(large).toContain('--depth 6 ');
  expect(large).toContain('--fraction 0.25 --restart');
});
