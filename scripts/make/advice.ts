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
  /** Rows whose user has another one at the same time. */
  tied_rows: number;
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

export function shapeOf(histories: Map<string, string[]>, items: number, tiedRows: number): LogShape {
  const owners = new Map<string, number>();
  for (const history of histories.values()) {
    for (const id of new Set(history)) owners.set(id, (owners.get(id) ?? 0) + 1);
  }
  const lengths = [...histories.values()].map(({ length }) => length);
  return {
    users: lengths.length,
    items,
    interactions: lengths.reduce((sum, length) => sum + length, 0),
    usable_users: lengths.filter((length) => length >= 3).length,
    shared_items: [...owners.values()].filter((count) => count > 1).length,
    tied_rows: tiedRows,
  };
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
  if (interactions < FEW_INTERACTIONS) {
    warnings.push(
      `${interactions} interactions are few; expect a list not much better than the most popular items.`,
    );
  }
  if (tied > interactions / 2) {
    warnings.push(
      `${tied} of ${interactions} rows share their time with another of the same user. What comes next is what is learned: use finer timestamps, or --keep-order when the file's order is the order of events.`,
    );
  }
  return { errors, warnings };
}
