/** What ids may be. */

/** SQL for whether `id` is one: no control character, no more UTF-16 units than the service takes. */
export const IS_ID = String.raw`(regexp_full_match(id, '[^\x00-\x1f\x7f-\x{9f}]+')
  AND length(id) + len(regexp_extract_all(id, '[\x{10000}-\x{10ffff}]')) <= 200)`;

export const EXPECTED_ID = '1 to 200 characters without control characters';
