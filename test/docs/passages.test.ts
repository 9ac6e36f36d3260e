import { expect, test } from 'vitest';
import { staleDocuments } from '../../scripts/docs/documents.ts';
import { fillPassages } from '../../scripts/docs/passages.ts';

test('the numbers in the documents are those that were measured (npm run docs writes them)', async () => {
  expect([...(await staleDocuments()).keys()]).toEqual([]);
});

const TEXTS = { table: '| a |\n| --- |', kb: '41.9 kB' };

test('passages are filled by name, on lines of their own and within a line', () => {
  const document = `Tables:

<!-- table -->

| old |

<!-- end of table -->

A state takes <!-- kb -->1 kB<!-- end --> or <!-- kb --><!-- end -->.
`;
  expect(fillPassages(document, TEXTS)).toBe(`Tables:

<!-- table -->

| a |
| --- |

<!-- end of table -->

A state takes <!-- kb -->41.9 kB<!-- end --> or <!-- kb -->41.9 kB<!-- end -->.
`);
});

test.each([
  ['x <!-- other -->x<!-- end -->', 'nothing is known of the passage other'],
  ['<!-- table -->\n\nx\n\n<!-- end of tables -->', 'the comment table has no counterpart'],
  ['<!-- kb -->1 kB', 'the comment kb has no counterpart'],
  ['x\n<!-- kb -->1 kB<!-- end -->', 'the passage kb begins a line'],
  ['x<!-- end -->', 'the comment end has no counterpart'],
])('%j is a mistake', (document, message) => {
  expect(() => fillPassages(document, TEXTS)).toThrow(message);
});
