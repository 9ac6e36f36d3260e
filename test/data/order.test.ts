import { join } from 'node:path';
import { expect, test } from 'vitest';
import { data, folder, rowsOf } from './helpers.ts';

const IDS = Array.from({ length: 50 }, (_, i) => `item${String(i).padStart(2, '0')}`);

/** Item ids as written for one user with all the given items at the same time, between two others. */
async function order(ids: string[], user = 'u', ...flags: string[]) {
  const rows = ids.map((id) => `${user},${id},5`);
  const csv = ['user_id,item_id,timestamp', `${user},last,6`, ...rows, `${user},first,4`].join('\n');
  const path = folder({ 'interactions.csv': csv });
  const out = join(path, 'out');
  const result = await data(['csv', '--from', path, '--out', out, ...flags]);
  const items = rowsOf(out)
    .slice(1)
    .map((row) => row.split(',')[1]);
  expect(items[0]).toBe('first');
  expect(items.at(-1)).toBe('last');
  return { ...result, items: items.slice(1, -1) };
}

test('ties follow neither the file nor the ids, and are the same in every run', async () => {
  const { items, summary, text } = await order(IDS);
  expect(summary.tied_rows).toBe(50);
  expect(text).toContain('ties: 50 rows share their user and time with another, ordered by a seeded hash');
  expect(items).not.toEqual(IDS);
  expect(items.toSorted()).toEqual(IDS);
  expect((await order(IDS.toReversed())).items).toEqual(items);
  // A shuffled order has about as many ascents as descents: 24.5 of 49, standard deviation 2.1.
  const ascents = items.filter((id, i) => i > 0 && items[i - 1] < id).length;
  expect(ascents).toBeGreaterThan(24.5 - 4 * 2.1);
  expect(ascents).toBeLessThan(24.5 + 4 * 2.1);
});

test('the order of ties differs between users', async () => {
  expect((await order(IDS, 'v')).items).not.toEqual((await order(IDS)).items);
});

test('--keep-order keeps the order of the file within a tie', async () => {
  const reversed = IDS.toReversed();
  const { items, text } = await order(reversed, 'u', '--keep-order');
  expect(items).toEqual(reversed);
  expect(text).toContain("ties: 50 rows share their user and time with another, in the file's order");
});

test('only rows of the same user count as tied', async () => {
  const path = folder({ 'interactions.csv': 'user_id,item_id,timestamp\nu,a,1\nv,a,1\nv,b,1\nw,c,1\n' });
  const { summary } = await data(['csv', '--from', path, '--out', join(path, 'out')]);
  expect(summary.tied_rows).toBe(2);
});
