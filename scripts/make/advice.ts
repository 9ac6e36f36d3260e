/** Checks a log before hours are spent on training. */

/** What matters of a log for learning from it. */
export interface LogShape {
  users: number;
  items: number;
  interactions: number;
  /** Users with at least three interactions: one to test, one to validate, and at least one to train on. */
  usable_users: number;
  /** Items that at least two users have had. */
  shared_items: number;
  /** Rows whose order is unknown: another row of the same user has the same time. */
  tied_rows: number;
  /** Rows whose time is plausible when it is read as seconds, or as milliseconds, since 1970. */
  times_in_seconds: number;
  times_in_milliseconds: number;
  /** Ids that differ from another only in upper and lower case. */
  users_but_for_case: number;
  items_but_for_case: number;
}

/** A log as it was read. */
export interface Log {
  /** Item ids of each user, oldest first. */
  histories: Map<string, string[]>;
  /** Ids of the catalogue. */
  items: string[];
  /** One per row. */
  times: ArrayLike<number>;
  tied: number;
}

export interface Advice {
  /** Why training can't give anything useful. */
  errors: string[];
  /** What the user should know of the result. */
  warnings: string[];
}

/** With fewer users even a planted pattern is hardly learned. */
const FEWEST_USERS = 20;
/** Published datasets have tens of thousands of interactions or more. */
const FEW_INTERACTIONS = 2000;
/** Seconds since 1970 of 1990 and 2100. */
const [FIRST_TIME, LAST_TIME] = [Date.UTC(1990) / 1000, Date.UTC(2100) / 1000];

export function shapeOf({ histories, items, times, tied }: Log): LogShape {
  const owners = new Map<string, number>();
  for (const history of histories.values()) {
    for (const id of new Set(history)) owners.set(id, (owners.get(id) ?? 0) + 1);
  }
  const lengths = [...histories.values()].map(({ length }) => length);
  return {
    users: lengths.length,
    items: items.length,
    interactions: lengths.reduce((sum, length) => sum + length, 0),
    usable_users: lengths.filter((length) => length >= 3).length,
    shared_items: [...owners.values()].filter((count) => count > 1).length,
    tied_rows: tied,
    times_in_seconds: timesWithin(times, 1),
    times_in_milliseconds: timesWithin(times, 1000),
    users_but_for_case: butForCase([...histories.keys()]),
    items_but_for_case: butForCase(items),
  };
}

function timesWithin(times: ArrayLike<number>, unit: number): number {
  let count = 0;
  for (let row = 0; row < times.length; row++) {
    if (times[row] >= FIRST_TIME * unit && times[row] < LAST_TIME * unit) count++;
  }
  return count;
}

function butForCase(ids: string[]): number {
  return ids.length - new Set(ids.map((id) => id.toLowerCase())).size;
}

export function adviceOn(shape: LogShape): Advice {
  const errors = [...sharingErrors(shape), ...timeErrors(shape)];
  return { errors, warnings: [...warningsOf(shape)] };
}

function* sharingErrors({ users, usable_users: usable, shared_items: shared }: LogShape): Generator<string> {
  if (users === 1) {
    yield 'All interactions are of one user. Is user_id the right column? A model learns from many users.';
    return;
  }
  if (usable < FEWEST_USERS) {
    yield `${usable} users have three interactions or more; at least ${FEWEST_USERS} are needed. ` +
      'Take a longer period of the log.';
  }
  if (shared === 0) {
    yield 'No item was taken by two users, so nothing learned from one user helps another. ' +
      'Is item_id the right column?';
  }
}

const REMEDY = "Use finer timestamps, or --keep-order when the file's order is the order of events.";

function* timeErrors(shape: LogShape): Generator<string> {
  const { times_in_seconds: seconds, times_in_milliseconds: milliseconds } = shape;
  if (seconds > 0 && milliseconds > 0) {
    yield `${seconds} rows have times in seconds since 1970, ${milliseconds} in milliseconds, ` +
      'so their order is wrong. Convert them to one unit.';
  }
  if (shape.tied_rows === shape.interactions) {
    yield `No user has two rows at different times, so nothing says what comes next. ${REMEDY}`;
  }
}

function* warningsOf(shape: LogShape): Generator<string> {
  const { items, interactions, shared_items: shared, tied_rows: tied } = shape;
  if (shared > 0 && shared < items / 2) {
    yield `${items - shared} of ${items} items were taken by fewer than two users; only their text can place them.`;
  }
  if (interactions < FEW_INTERACTIONS) {
    yield `${interactions} interactions are few; expect lists not much better than the most popular items.`;
  }
  if (tied > interactions / 2 && tied < interactions) {
    yield `${tied} of ${interactions} rows share their time with another row of the same user, and the model ` +
      `learns what comes next. ${REMEDY}`;
  }
  for (const [kind, twins] of [
    ['user', shape.users_but_for_case],
    ['item', shape.items_but_for_case],
  ] as const) {
    if (twins === 0) continue;
    yield `${twins} of the ${kind} ids differ from another only in upper and lower case. ` +
      `If they mean the same ${kind}, write them alike.`;
  }
}
