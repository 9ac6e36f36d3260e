/** Checks single fields. */
import { fail, type Place, quote } from './errors.ts';

/** No control character and no half of a surrogate pair. */
const ID = /^[^\p{Cc}\p{Cs}]+$/u;
/** The most characters (UTF-16 units) that the service takes. */
const LONGEST_ID = 200;

/** @throws {DataError} when the value is not an id */
export function checkId(value: unknown, place: Place, field: string): string {
  if (typeof value === 'string' && ID.test(value) && value.length <= LONGEST_ID) return value;
  const found = typeof value === 'string' ? quote(value) : typeof value;
  fail(place, field, `expected 1 to 200 characters without control characters, found ${found}`);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const ISO_DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Parses a time. Numbers stay as they are, in the source's own unit. ISO-8601 dates become seconds since
 * 1970; without a zone they are UTC.
 * @throws {DataError} for anything else, and beyond ±(2^53 - 1), where a number can't tell neighbouring times
 * apart
 */
export function parseTimestamp(text: string, place: Place, field: string): number {
  const time = NUMBER.test(text) ? Number(text) : isoSeconds(text);
  if (Math.abs(time) <= Number.MAX_SAFE_INTEGER) return time;
  fail(place, field, `expected a number within ±2^53 or an ISO-8601 date, found ${quote(text)}`);
}

function isoSeconds(text: string): number {
  const [, day, clock = '00:00', zone = 'Z'] = ISO_DATE.exec(text) ?? [];
  if (day === undefined) return Number.NaN;
  const midnight = new Date(`${day}T00:00Z`);
  // Date turns 31 February into a day in March.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return Number.NaN;
  return Date.parse(`${day}T${clock}${zone}`) / 1000;
}

/** @throws {DataError} when the text is not a finite number */
export function checkNumber(text: string, place: Place, field: string): void {
  if (!NUMBER.test(text)) fail(place, field, `expected a number, found ${quote(text)}`);
}
