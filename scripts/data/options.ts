/** Options of every command that reads a log. */
import type { Options } from '../options.ts';
import { UNIT_NAMES } from './times.ts';

const column = (what: string) =>
  ({
    type: 'string',
    value: 'COLUMN',
    description: `the column of the ${what} (default: by its name)`,
  }) as const;

/** How to read the interactions. */
export const LOG_OPTIONS = {
  user: column('users'),
  item: column('items, in both tables'),
  time: column('times'),
  event: {
    type: 'string',
    value: 'COLUMN',
    description:
      'the column of what happened, such as view or purchase (default: by its name); "none" for none',
  },
  'time-unit': {
    type: 'choice',
    of: UNIT_NAMES,
    description:
      'the unit of times that are numbers: seconds, milli-, micro- or nanoseconds (default: by their size)',
  },
  dates: {
    type: 'choice',
    of: ['day-first', 'month-first'],
    description: 'how to read dates such as 01/02/2024, where no row of the file tells',
  },
  encoding: {
    type: 'choice',
    of: ['utf-8', 'latin-1', 'utf-16'],
    default: 'utf-8',
    description: 'of the text files',
  },
  'drop-duplicates': {
    type: 'boolean',
    description:
      'keep the first of rows with the same user, item, time and event; without it they are an error',
  },
  'drop-incomplete': {
    type: 'boolean',
    description: 'leave out and count rows without a user, an item or a time; without it they are an error',
  },
} as const satisfies Options;

/** How to read the items, and how to make a dataset of both. */
export const DATASET_OPTIONS = {
  items: {
    type: 'path',
    description: 'the file or folder of the items, when it does not lie beside the interactions',
  },
  ...LOG_OPTIONS,
  target: {
    type: 'string',
    value: 'TYPE',
    description: 'the type of event that a list should lead to (default: any)',
  },
  hide: {
    type: 'string',
    value: 'TYPE',
    multiple: 'commas',
    description: 'the types after which an item is not recommended again (default: the target)',
  },
  negative: {
    type: 'string',
    value: 'TYPE',
    multiple: 'commas',
    description: 'the types that take an item out of the history, such as a return',
  },
  forbid: {
    type: 'string',
    value: 'TYPE',
    multiple: 'commas',
    description: 'the types that hide an item for good, such as a dislike',
  },
  weight: {
    type: 'string',
    value: 'TYPE=X',
    multiple: 'commas',
    description: 'what a next event of a type counts in training (default: 1)',
  },
  title: column("items' titles"),
  categories: column("items' categories"),
  'allow-unlisted': {
    type: 'boolean',
    description: 'add items that the item file does not list, title = id; without it they are an error',
  },
  'keep-order': {
    type: 'boolean',
    description:
      "keep the file's order of a user's rows that have the same time; without it a seeded hash of " +
      '(user, item) orders them, so that neither file order nor item ids leak',
  },
  'tie-seed': {
    type: 'string',
    default: 'earn-edge',
    description: 'seeds that hash; another text gives another order of the rows that have the same time',
  },
} as const satisfies Options;
