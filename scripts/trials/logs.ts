/**
 * Made-up logs of ten kinds that real ones have, the same every time. Each plants one thing to be found, so
 * that a model which misses it shows where it would fail a user.
 */
import { seededRandom } from '../random.ts';

export interface Row {
  user: string;
  item: number;
  /** Seconds since 1970. */
  time: number;
  type?: string;
}

export interface MadeUpLog {
  name: string;
  /** What is planted. */
  description: string;
  items: number;
  /** The kind of event that a list should lead to, where the log has kinds. */
  target?: string;
  rows(random: Random): Row[];
}

const USERS = 1000;
const START = Date.UTC(2025, 0, 1) / 1000;
const HOUR = 3600;
const [SHORTEST, LONGEST] = [6, 24];

export class Random {
  readonly chance: () => number;
  constructor(seed: number) {
    this.chance = seededRandom(seed);
  }
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.chance() * limit);
  }
  /** The lower, the likelier: item i about as likely as 1 / (i + 1). */
  popular(limit: number): number {
    return Math.floor((limit + 1) ** this.chance()) - 1;
  }
}

/** Rows of `users` users, an hour to a day apart; `next` gives an item by those before it. */
function walks(random: Random, next: (before: number[], user: number) => number, users = USERS): Row[] {
  const rows: Row[] = [];
  for (let user = 0; user < users; user++) {
    const before: number[] = [];
    let time = START + random.below(90 * 24) * HOUR;
    const length = SHORTEST + random.below(LONGEST - SHORTEST + 1);
    while (before.length < length) {
      const item = next(before, user);
      before.push(item);
      rows.push({ user: `u${user}`, item, time });
      time += HOUR * (1 + random.below(24));
    }
  }
  return rows;
}

const ITEMS = 300;
/** Planted successors are followed so often; otherwise anything popular comes. */
const FAITHFUL = 0.6;

export const LOGS: readonly MadeUpLog[] = [
  {
    name: 'first-order',
    description: 'each item has three successors',
    items: ITEMS,
    rows: (random) =>
      walks(random, (before) => {
        if (before.length === 0 || random.chance() > FAITHFUL) return random.popular(ITEMS);
        return (7 * before.at(-1)! + 11 * (1 + random.popular(3))) % ITEMS;
      }),
  },
  {
    name: 'second-order',
    description: 'the next item follows from the last two together',
    items: 40,
    rows: (random) =>
      walks(random, (before) => {
        if (before.length < 2 || random.chance() > FAITHFUL) return random.popular(40);
        return (3 * before.at(-1)! + 17 * before.at(-2)! + 5) % 40;
      }),
  },
  {
    name: 'cycles',
    description: 'every user goes round one of twenty circles of fifteen items',
    items: ITEMS,
    rows: (random) =>
      walks(random, (before, user) => {
        if (random.chance() > 0.8) return random.popular(ITEMS);
        return 15 * (user % 20) + ((user + before.length) % 15);
      }),
  },
  {
    name: 'tastes',
    description: 'every user has two of twelve tastes, and takes its items in no order',
    items: ITEMS,
    rows: (random) =>
      walks(random, (_, user) => {
        if (random.chance() > 0.85) return random.popular(ITEMS);
        const taste = random.chance() < 0.7 ? user % 12 : (5 * user + 3) % 12;
        return 25 * taste + random.popular(25);
      }),
  },
  {
    name: 'repeats',
    description: 'users buy their own five things again and again',
    items: ITEMS,
    rows: (random) =>
      walks(random, (before, user) => {
        if (random.chance() < 0.75) return (37 * user + 53 * random.below(5)) % ITEMS;
        return before.length > 0 && random.chance() < 0.3 ? before.at(-1)! : random.popular(ITEMS);
      }),
  },
  {
    name: 'bursts',
    description: 'sessions of about four items of one theme; themes have nothing to do with each other',
    items: ITEMS,
    rows: (random) => {
      let theme = 0;
      return walks(random, (before) => {
        if (before.length === 0 || random.chance() < 0.25) theme = random.below(30);
        return 10 * theme + random.popular(10);
      });
    },
  },
  {
    name: 'cold-items',
    description: 'the catalogue moves on: every week brings new items, and users take what is newest',
    items: 600,
    rows: (random) =>
      walks(random, (before, user) => {
        const newest = Math.min(599, 40 + Math.floor((user * 540) / USERS) + before.length);
        return Math.max(0, newest - random.popular(40));
        // Users come one after the other, so what is newest follows the clock.
      }).map((row) => ({ ...row, time: row.time + 2 * HOUR * Number(row.user.slice(1)) })),
  },
  {
    name: 'views-and-purchases',
    description: 'three views lead to a purchase of the item that goes with them',
    items: ITEMS,
    target: 'purchase',
    rows: (random) => {
      const rows: Row[] = [];
      for (let user = 0; user < USERS; user++) {
        let time = START + random.below(90 * 24) * HOUR;
        for (let visit = 0; visit < 2 + random.below(5); visit++) {
          const theme = random.below(30);
          for (let view = 0; view < 3; view++) {
            rows.push({ user: `u${user}`, item: 10 * theme + 1 + random.below(9), time, type: 'view' });
            time += 60;
          }
          const bought = random.chance() < 0.7 ? 10 * theme : random.popular(ITEMS);
          rows.push({ user: `u${user}`, item: bought, time, type: 'purchase' });
          time += HOUR * (1 + random.below(200));
        }
      }
      return rows;
    },
  },
  {
    name: 'tiny',
    description: 'sixty users, thirty items with one successor each',
    items: 30,
    rows: (random) =>
      walks(
        random,
        (before) =>
          before.length === 0 || random.chance() > 0.8 ? random.below(30) : (before.at(-1)! + 7) % 30,
        60,
      ),
  },
  {
    name: 'heavy-user',
    description: 'a script with 20,000 events among a thousand people; what it does is noise',
    items: ITEMS,
    rows: (random) => {
      const people = walks(random, (before) => {
        if (before.length === 0 || random.chance() > FAITHFUL) return random.popular(ITEMS);
        return (13 * before.at(-1)! + 29) % ITEMS;
      });
      const script = Array.from({ length: 20_000 }, (_, at) => ({
        user: 'script',
        item: random.below(ITEMS),
        time: START + 300 * at,
      }));
      return [...people, ...script];
    },
  },
];
