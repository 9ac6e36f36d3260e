/**
 * A made-up shop, for trying everything without a download and for tests.
 *
 * Each customer has one of five tastes and buys its 24 products in a circle, starting anywhere. A model that
 * learns the circles can predict most purchases, while the most popular products say little. As in a real
 * shop there is more in the log: customers look at what they buy or at something else of their taste, put
 * some of it into the cart, and one purchase in ten is a random product, half of which are returned. Two
 * products of each taste are sold from a later day on; until then customers go past their places in the
 * circle. A gift box of each taste is new, and nobody has bought it yet.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../random.ts';
import type { Dataset } from '../dataset.ts';

const SEED = 7;
const CUSTOMERS = 200;
export const TASTES = ['Tea', 'Bread', 'Cheese', 'Fruit', 'Honey'];
/** Products per taste, but for the gift box. */
export const CIRCLE = 24;
/** Places in the circle of the products that come later. */
const LATE = [7, 15];
const [NOISE, RETURNED, LOOKED, CARTED] = [0.1, 0.5, 0.5, 0.3];
/** Purchases per customer: too few to close a circle. */
const [FEWEST, MOST] = [10, 16];
const [MINUTE, DAY] = [60, 86_400];
const FIRST_DAY = Date.UTC(2024, 0, 1) / 1000;
/** When the later products come, in seconds since 1970. */
export const LAUNCH = FIRST_DAY + 45 * DAY;

export interface ExampleEvent {
  user: string;
  item: string;
  /** Seconds since 1970. */
  time: number;
  type: 'view' | 'cart' | 'purchase' | 'return';
}

/** The id of the product at a place of a taste's circle. */
export const exampleItem = (taste: number, place: number) =>
  `${TASTES[taste].toLowerCase()}-${(place % CIRCLE) + 1}`;

const isLate = (place: number) => LATE.includes(place % CIRCLE);

export const example: Dataset = {
  name: 'example',
  description: `a small made-up shop, the same every time: ${CUSTOMERS} customers, their views, carts, purchases and returns`,
  tables({ folder }) {
    const write = (name: string, lines: string[]) => {
      const path = join(folder, name);
      writeFileSync(path, `${lines.join('\n')}\n`);
      return [{ path, shown: name }];
    };
    const rows = exampleEvents().map(({ user, item, time, type }) => [user, item, time, type].join());
    return {
      interactions: write('example.csv', ['user_id,item_id,timestamp,event', ...rows]),
      items: write(
        'example.jsonl',
        exampleItems().map((item) => JSON.stringify(item)),
      ),
    };
  },
};

export function exampleItems() {
  const random = seededRandom(SEED);
  const price = (least: number) => Number((least + 20 * random()).toFixed(2));
  return TASTES.flatMap((name, taste) => [
    ...Array.from({ length: CIRCLE }, (_, place) => ({
      id: exampleItem(taste, place),
      title: `${name} No. ${place + 1}`,
      categories: [name],
      price: price(2),
      since: dateOf(isLate(place) ? LAUNCH : FIRST_DAY),
    })),
    {
      id: `${name.toLowerCase()}-box`,
      title: `${name} gift box`,
      categories: [name, 'Gifts'],
      price: price(30),
      since: dateOf(LAUNCH),
    },
  ]);
}

/** Customer by customer, each one's events in their order. */
export function exampleEvents(): ExampleEvent[] {
  const random = seededRandom(SEED);
  return Array.from({ length: CUSTOMERS }, (_, i) => eventsOf(`customer-${i + 1}`, random)).flat();
}

function eventsOf(user: string, random: () => number): ExampleEvent[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const [taste, purchases] = [below(TASTES.length), FEWEST + below(MOST - FEWEST + 1)];
  let place = below(CIRCLE);
  let time = FIRST_DAY + below(30 * DAY);
  const events: ExampleEvent[] = [];
  const happens = (type: ExampleEvent['type'], item: string) => {
    time += MINUTE + below(10 * MINUTE);
    events.push({ user, item, time, type });
  };
  /** One that is sold by now. */
  const someOf = (some: number) => {
    const at = below(CIRCLE);
    return exampleItem(some, isLate(at) && time < LAUNCH ? at + 1 : at);
  };
  for (let bought = 0; bought < purchases; bought++) {
    const isRandom = random() < NOISE;
    while (isLate(place) && time < LAUNCH) place++;
    const item = isRandom ? someOf(below(TASTES.length)) : exampleItem(taste, place++);
    if (random() < LOOKED) happens('view', item);
    if (random() < LOOKED) happens('view', someOf(taste));
    if (random() < CARTED) happens('cart', item);
    happens('purchase', item);
    if (isRandom && random() < RETURNED) {
      time += DAY;
      happens('return', item);
    }
    time += below(7 * DAY);
  }
  return events;
}

const dateOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
