/** What can be said of a log before hours are spent on it. */

/** How a log looks, as far as learning from it is concerned. */
export interface LogShape {
  users: number;
  items: number;
  interactions: number;
  /** Users of three interactions or more: one to test on, one to choose by, and something to learn from. */
  usable_users: number;
  /** Items that at least two users have had. */
  shared_items: number;
  /** Rows whose place among others of the same user and time is not known. */
  tied_rows: number;
  /** Rows whose time is of these years when it is read as seconds, or as milliseconds, since 1970. */
  times_in_seconds: number;
  times_in_milliseconds: number;
  /** Ids that are another one when upper and lower case are not told apart. */
  users_but_for_case: number;
  items_but_for_case: number;
}

/** A log as it was read: what `shapeOf` looks at. */
export interface Log {
  /** Item ids of each user, oldest first. */
  histories: Map<string, string[]>;
  /** Ids of the catalogue. */
  items: string[];
  /** Of each row. */
  times: ArrayLike<number>;
  tied: number;
}

export interface Advice {
  /** The run can't give anything useful. */
  errors: string[];
  /** It can, and the user should know. */
  warnings: string[];
}

/** Below this, even a planted pattern is hardly learned. */
const FEWEST_USERS = 20;
/** Published datasets begin at some tens of thousands; less gives lists, not good ones. */
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
  const { users, items, interactions, usable_users: usable, shared_items: shared, tied_rows: tied } = shape;
  const errors: string[] = [];
  const warnings: string[] = [];
  if (users === 1) {
    errors.push(
      'All interactions are of one user. Is user_id the right column? Recommendations are learned across users.',
    );
  } else if (usable < FEWEST_USERS) {
    errors.push(
      `${usable} users have three interactions or more; at least ${FEWEST_USERS} are needed. Take a longer period of the log.`,
    );
  }
  if (users > 1 && shared === 0) {
    errors.push(
      'No item was taken by two users, so nothing can be learned of one user from another. Is item_id the right column?',
    );
  } else if (shared < items / 2) {
    warnings.push(
      `${items - shared} of ${items} items were taken by fewer than two users; only their text can place them.`,
    );
  }
  const { times_in_seconds: seconds, times_in_milliseconds: milliseconds } = shape;
  if (seconds > 0 && milliseconds > 0) {
    errors.push(
      `${seconds} rows have times in seconds since 1970, ${milliseconds} in milliseconds, so their order is wrong. Bring them to one unit.`,
    );
  }
  if (interactions < FEW_INTERACTIONS) {
    warnings.push(
      `${interactions} interactions are few; expect a list not much better than the most popular items.`,
    );
  }
  const remedy = "Use finer timestamps, or --keep-order when the file's order is the order of events.";
  if (tied === interactions) {
    errors.push(`No user has two rows at different times, so nothing says what comes next. ${remedy}`);
  } else if (tied > interactions / 2) {
    warnings.push(
      `${tied} of ${interactions} rows share their time with another of the same user, and what comes next is what is learned. ${remedy}`,
    );
  }
  for (const [kind, twins] of [
    ['user', shape.users_but_for_case],
    ['item', shape.items_but_for_case],
  ] as const) {
    if (twins > 0)
      warnings.push(
        `${twins} of the ${kind} ids are another one but for upper and lower case. If they mean the same ${kind}, write them alike.`,
      );
  }
  return { errors, warnings };
}
