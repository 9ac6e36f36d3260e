/**
 * A made-up shop, for trying everything without a download and for tests. Each user has one of five tastes
 * and buys its 24 items in a circle, starting anywhere; one purchase in ten is a random item. A model that
 * learns the circles can predict most purchases, while the most popular items say little.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../random.ts';
import type { Dataset } from '../dataset.ts';

const SEED = 7;
const USERS = 300;
export const TASTES = ['Tea', 'Bread', 'Cheese', 'Fruit', 'Honey'];
/** Items per taste. */
export const CIRCLE = 24;
const NOISE = 0.1;
/** Purchases per user: too few to close a circle. */
const [SHORTEST, LONGEST] = [10, 20];
const FIRST_DAY = Date.UTC(2024, 0, 1) / 1000;
const [MINUTE, DAY] = [60, 86_400];

/** The id of the item at a place of a taste's circle. */
export const exampleItem = (taste: number, place: number) =>
  `${TASTES[taste].toLowerCase()}-${(place % CIRCLE) + 1}`;

export const example: Dataset = {
  name: 'example',
  description: 'a small made-up shop, the same every time: 300 users, 120 items',
  tables({ folder }) {
    const files = { items: itemLines(), interactions: interactionLines() };
    const write = (name: string, text: string) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return [{ path, shown: name }];
    };
    return {
      interactions: write('example.csv', files.interactions),
      items: write('example.jsonl', files.items),
    };
  },
};

function itemLines(): string {
  const items = TASTES.flatMap((name, taste) =>
    Array.from({ length: CIRCLE }, (_, place) => ({
      id: exampleItem(taste, place),
      title: `${name} No. ${place + 1}`,
      categories: [name],
    })),
  );
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

function interactionLines(): string {
  const random = seededRandom(SEED);
  const below = (limit: number) => Math.floor(random() * limit);
  const rows = ['user_id,item_id,timestamp'];
  for (let user = 1; user <= USERS; user++) {
    const [taste, start] = [below(TASTES.length), below(CIRCLE)];
    const length = SHORTEST + below(LONGEST - SHORTEST + 1);
    let time = FIRST_DAY + below(30 * DAY);
    for (let step = 0; step < length; step++) {
      const other = random() < NOISE;
      const id = other ? exampleItem(below(TASTES.length), below(CIRCLE)) : exampleItem(taste, start + step);
      rows.push(`customer-${user},${id},${time}`);
      time += MINUTE + below(DAY);
    }
  }
  return `${rows.join('\n')}\n`;
}
