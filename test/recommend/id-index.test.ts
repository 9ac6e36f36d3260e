import { expect, test } from 'vitest';
import { idHash } from '../../worker/catalogue/id-hash.ts';
import { IdIndex } from '../../worker/catalogue/id-index.ts';

test.each([0, 1, 2, 3, 1000, 50_000])('an index of %i ids finds each of them and nothing else', (count) => {
  const ids = Array.from({ length: count }, (_, index) => ['', '界', '\u0000'][index % 3] + String(index));
  const index = new IdIndex(ids.map((id) => ({ id })));
  for (const [at, id] of ids.entries()) {
    if (index.get(id) !== at || !index.hasHash(idHash(id))) expect.fail(`${id} is not at ${at}`);
  }
  for (const absent of ['', 'x', 'constructor', '__proto__', ...ids.slice(0, 100).map((id) => `${id} `)]) {
    expect(index.get(absent)).toBeUndefined();
    expect(index.hasHash(idHash(absent))).toBe(false);
  }
});

test('of two items with one id the last is found, as with a Map', () => {
  expect(new IdIndex([{ id: 'a' }, { id: 'b' }, { id: 'a' }]).get('a')).toBe(2);
});
