import { expect, test } from 'vitest';
import { fullName, nameOf, splitYear } from '../../worker/demo/title.ts';

test.each([
  ['Matrix, The (1999)', 'The Matrix'],
  ['Bug’s Life, A (1998)', 'A Bug’s Life'],
  [
    'Seven Samurai (The Magnificent Seven) (Shichinin no samurai) (1954)',
    'Seven Samurai (The Magnificent Seven) (Shichinin no samurai)',
  ],
  ['City of Lost Children, The (1995)', 'The City of Lost Children'],
  ['Heat', 'Heat'],
  ['Tea No. 1', 'Tea No. 1'],
  ['千と千尋の神隠し (2001)', '千と千尋の神隠し'],
])('%s is called %s', (title, name) => {
  expect(nameOf(title)).toBe(name);
});

test('a name may keep its year', () => {
  expect(fullName('Matrix, The (1999)')).toBe('The Matrix (1999)');
  expect(fullName('Tea No. 1')).toBe('Tea No. 1');
});

test('a year is the last thing in parentheses, or there is none', () => {
  expect(splitYear('2001: A Space Odyssey (1968)')).toEqual(['2001: A Space Odyssey', '1968']);
  expect(splitYear('1984')).toEqual(['1984', '']);
  expect(splitYear('Nail Polish (15 ml)')).toEqual(['Nail Polish (15 ml)', '']);
});
