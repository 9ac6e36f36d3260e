/** What `npm run make` says of a log before it spends time on it. */
import { expect, test } from 'vitest';
import { adviceOn, shapeOf } from '../../scripts/make/advice.ts';

/** So many users who each took `length` items of a common catalogue. */
function log(users: number, length: number, item = (_user: number, step: number) => `i${step % 50}`) {
  const histories = Array.from({ length: users }, (_, user): [string, string[]] => [
    `u${user}`,
    Array.from({ length }, (_, step) => item(user, step)),
  ]);
  return new Map(histories);
}

test('a healthy log needs no advice', () => {
  expect(adviceOn(shapeOf(log(200, 20), 20, 0))).toEqual({ errors: [], warnings: [] });
});

test.each([
  ['one user', log(1, 500), 'All interactions are of one user'],
  ['too few users', log(10, 20), '10 users have three interactions or more; at least 20 are needed'],
  ['short histories', log(500, 2), '0 users have three interactions or more'],
  ['nothing in common', log(100, 30, (user, step) => `${user}-${step}`), 'No item was taken by two users'],
])('%s: an error that says what to do', (_, histories, message) => {
  const { errors } = adviceOn(shapeOf(histories, 50, 0));
  expect(errors.join('\n')).toContain(message);
});

test('a small log, a long tail and coarse timestamps: notes', () => {
  const { errors, warnings } = adviceOn(shapeOf(log(30, 10), 500, 200));
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    expect.stringContaining('490 of 500 items'),
    expect.stringContaining('300 interactions are few'),
    expect.stringContaining('200 of 300 rows share their time'),
  ]);
});
