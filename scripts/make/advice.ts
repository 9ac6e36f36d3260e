/** Checks a log before hours are spent on training. */
import type { Report } from '../data/prepare.ts';

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

/** @param keepOrder whether the file's order says what came first among rows with the same time */
export function shapeOf(report: Report, keepOrder: boolean): LogShape {
  return {
    users: report.users,
    items: report.items,
    interactions: report.interactions,
    usable_users: report.usableUsers,
    shared_items: report.sharedItems,
    tied_rows: keepOrder ? 0 : report.tied,
  };
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
}
