/**
 * Bytes that what an isolate remembers may take of its 128 MB. `test/recommend/memory-budget.test.ts` tries
 * to break each.
 */
const MB = 1024 * 1024;

export const BUDGET = {
  /** Users' states and the lists made of them: about 300 users with 200 items each. */
  states: 15 * MB,
  /** Notes of when states were written. */
  writes: MB,
  /** Lists that wait for an event to take them along. */
  visits: 2 * MB,
  /** Items of a large catalogue that lists had. */
  items: 2 * MB,
  /** Rows of a large catalogue's transitions. */
  transitions: 2 * MB,
  /** Which items of a catalogue an expression holds for, and what rules do to them. */
  masks: 4 * MB,
  rules: 8 * MB,
};
