/** What was read, in words: counts, what was left out and why, and what looks like a mistake. */
import { quote } from './errors.ts';
import type { Report } from './prepare.ts';

const n = (count: number) => count.toLocaleString('en-US');

export function* describe(report: Report, keepOrder: boolean): Generator<string> {
  const { checksum, users, items, interactions, types, times } = report;
  yield `${report.dataset}: ${n(interactions)} interactions, ${n(users)} users, ${n(items)} items`;
  if (checksum) yield `checksum: ${checksum === 'matches' ? "matches the publisher's" : 'differs'}`;
  yield `times: from ${date(times[0])} to ${date(times[1])}`;
  if (report.hasTypes) {
    yield `events: ${Object.entries(types)
      .map(([type, count]) => `${type} ${n(count)}`)
      .join(', ')}`;
  }
  const tieRule = keepOrder ? "in the file's order" : 'ordered by a seeded hash of (user_id, item_id)';
  yield `ties: ${n(report.tied)} rows share their user and time with another, ${tieRule}`;
  yield* leftOut(report);
  yield* aboutItems(report);
  for (const kind of ['users', 'items'] as const) {
    const { count, examples } = report.twins[kind];
    if (count === 0) continue;
    const groups = examples.map((ids) => ids.map(quote).join(' and ')).join('; ');
    yield `${kind}: ${n(count)} ids differ from another only in case, blanks or Unicode form: ${groups}`;
  }
}

function* leftOut({ dropped, incomplete }: Report): Generator<string> {
  if (dropped > 0) yield `duplicates: ${n(dropped)} rows dropped`;
  for (const [what, count] of Object.entries(incomplete)) {
    if (count > 0)
      yield `incomplete: ${n(count)} rows without ${what === 'user' ? 'a' : `a${what === 'item' ? 'n' : ''}`} ${what} dropped`;
  }
}

const SEPARATORS: Record<string, string> = { list: 'read as lists', ' ': 'separated at blanks' };

function* aboutItems(report: Report): Generator<string> {
  const { listed, unlisted, untitled, separator } = report;
  if (!listed) yield 'items: no item file, so made from the interactions';
  else if (unlisted > 0) yield `items: ${n(unlisted)} not in the item file added, title = id`;
  if (untitled > 0) yield `items: ${n(untitled)} without a title, title = id`;
  if (separator !== undefined && separator !== 'none') {
    yield `categories: ${SEPARATORS[separator] ?? `separated at "${separator}"`}`;
  }
  for (const [field, count] of report.leftOut) {
    yield `items: field ${field} of ${n(count)} items left out, not a number, a text or a list of them`;
  }
}

/** A time in seconds, as a date where it can be one. */
export function date(seconds: number): string {
  const value = new Date(seconds * 1000);
  return Number.isNaN(value.getTime()) ? `${seconds}` : value.toISOString().replace(/(\.\d+)?Z$/, 'Z');
}
