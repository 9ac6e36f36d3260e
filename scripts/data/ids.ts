/** What ids may be, and the names of types of events. */

/** The most UTF-16 units that the service takes. */
export const LONGEST_ID = 200;
export const LONGEST_TYPE = 64;

/** SQL for whether `id` is one: no control character, and not too long. */
export const isId = (longest: number): string => String.raw`(regexp_full_match(id, '[^\x00-\x1f\x7f-\x{9f}]+')
  AND length(id) + len(regexp_extract_all(id, '[\x{10000}-\x{10ffff}]')) <= ${longest})`;

export const expectedId = (longest: number): string =>
  `1 to ${longest} characters without control characters`;
