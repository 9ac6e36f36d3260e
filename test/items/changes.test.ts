/** Only what a shop's export says otherwise than the service is sent. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { differing, missing, putOf, type ServedItem } from '../../scripts/items/changes.ts';
import { readExport } from '../../scripts/items/read.ts';
import { folder } from '../data/helpers.ts';

const CSV = `id,title,category,price,available,available_from
pen,A pen,Office,2.5,true,
ink,Ink,Office|Art,9,no,
mug,A mug,Gifts,7,1,2026-12-01T00:00:00Z
`;

async function exported(csv = CSV) {
  const path = join(folder({ 'products.csv': csv }), 'products.csv');
  return (await readExport(path, { encoding: 'utf-8' })).map(putOf);
}

/** What the service answers once it has them. */
const servedAs = (items: Awaited<ReturnType<typeof exported>>) =>
  new Map(
    items.map(({ id, title, categories, ...said }) => [
      id,
      { id, title: title!, categories: categories ?? [], count: 3, ...said } as ServedItem,
    ]),
  );

test('an export becomes items: columns about availability, and properties', async () => {
  expect(await exported()).toEqual([
    { id: 'pen', title: 'A pen', categories: ['Office'], properties: { price: 2.5 } },
    { id: 'ink', title: 'Ink', categories: ['Office', 'Art'], available: false, properties: { price: 9 } },
    {
      id: 'mug',
      title: 'A mug',
      categories: ['Gifts'],
      available_from: '2026-12-01T00:00:00.000Z',
      properties: { price: 7 },
    },
  ]);
});

test('what the service has is not sent again; what differs is', async () => {
  const served = servedAs(await exported());
  expect(differing(await exported(), served)).toEqual([]);
  const changed = CSV.replace('2.5', '3').replace('9,no', '9,yes').replace('A mug', 'The mug');
  const sent = differing(await exported(changed), served);
  expect(sent.map(({ id }) => id)).toEqual(['pen', 'ink', 'mug']);
  served.delete('ink');
  expect(differing(await exported(), served).map(({ id }) => id)).toEqual(['ink']);
});

test('without a column of categories, those of the service stay and are no difference', async () => {
  const served = servedAs(await exported());
  const [pen] = await exported('id,title,price\npen,A pen,2.5\n');
  expect(differing([pen], served)).toEqual([]);
});

test('what the export no longer has is missing, unless it is sold out already', async () => {
  const served = servedAs(await exported());
  const [pen] = await exported();
  expect(missing([pen], served).map(({ id }) => id)).toEqual(['mug']);
});
