/** What `npm run make` says of a log before it spends time on it. */
import { expect, test } from 'vitest';
import { adviceOn, type Log, shapeOf } from '../../scripts/make/advice.ts';
import { trainingEnvironment, trainingFlags } from '../../scripts/make/plan.ts';

const MONDAY = Date.UTC(2024, 0, 1) / 1000;

/** So many users who each took `length` items of a common catalogue, a second after the other. */
function log(users: number, length: number, item = (_user: number, step: number) => `i${step % 50}`): Log {
  const histories = Array.from({ length: users }, (_, user): [string, string[]] => [
    `u${user}`,
    Array.from({ length }, (_, step) => item(user, step)),
  ]);
  const items = [...new Set(histories.flatMap(([, ids]) => ids))];
  const times = histories.flatMap(([, ids]) => ids.map((_, step) => MONDAY + step));
  return { histories: new Map(histories), items, times, tied: 0 };
}

test('a healthy log needs no advice', () => {
  expect(adviceOn(shapeOf(log(200, 20)))).toEqual({ errors: [], warnings: [] });
  const numbered = { ...log(200, 20), times: Array.from({ length: 4000 }, (_, row) => row) };
  expect(adviceOn(shapeOf(numbered))).toEqual({ errors: [], warnings: [] });
});

test.each([
  ['one user', log(1, 500), 'All interactions are of one user'],
  ['too few users', log(10, 20), '10 users have three interactions or more; at least 20 are needed'],
  ['short histories', log(500, 2), '0 users have three interactions or more'],
  ['nothing in common', log(100, 30, (user, step) => `${user}-${step}`), 'No item was taken by two users'],
  ['one time for all', { ...log(200, 20), tied: 4000 }, 'No user has two rows at different times'],
  [
    'two units of time',
    {
      ...log(200, 20),
      times: Array.from(log(200, 20).times, (time, row) => (row < 100 ? time : 1000 * time)),
    },
    '100 rows have times in seconds since 1970, 3900 in milliseconds',
  ],
])('%s: an error that says what to do', (_, rows, message) => {
  const { errors } = adviceOn(shapeOf(rows));
  expect(errors.join('\n')).toContain(message);
});

test('a small log, a long tail, coarse timestamps, ids in two spellings: notes', () => {
  const { histories, items, ...rest } = log(30, 10);
  const [first, ...others] = histories.keys();
  const rows = {
    ...rest,
    histories: new Map([...histories, [first.toUpperCase(), histories.get(others[0])!]]),
    items: [...items, 'I1', 'I2', ...Array.from({ length: 488 }, (_, i) => `unseen-${i}`)],
    tied: 200,
  };
  const { errors, warnings } = adviceOn(shapeOf(rows));
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    expect.stringContaining('490 of 500 items'),
    expect.stringContaining('310 interactions are few'),
    expect.stringContaining('200 of 310 rows share their time'),
    expect.stringContaining('1 of the user ids'),
    expect.stringContaining('2 of the item ids'),
  ]);
});

test('a small model is trained on one thread, a large one on all', () => {
  expect(trainingEnvironment(shapeOf(log(200, 20)))).toMatchObject({ OMP_NUM_THREADS: '1' });
  expect(trainingEnvironment(shapeOf(log(2000, 50)))).not.toHaveProperty('OMP_NUM_THREADS');
});

test('an epoch of a small log is all of it; of a large one a part', () => {
  const small = trainingFlags(shapeOf(log(200, 20)), false).join(' ');
  expect(small).toContain('--depth 3 ');
  expect(small).toContain('--fraction 1');
  const large = trainingFlags({ ...shapeOf(log(200, 20)), interactions: 1_000_000 }, true).join(' ');
  expect(large).toContain('--depth 6 ');
  expect(large).toContain('--fraction 0.25 --restart');
});
