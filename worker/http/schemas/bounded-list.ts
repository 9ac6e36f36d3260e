/** Lists whose check ends soon, however much of them is wrong. */
import { z } from '@hono/zod-openapi';

/** A body can be wrong in ten thousand places; a few are enough to see why. */
export const MOST_ERRORS = 20;

/**
 * A list of at most `most` entries. zod names whatever is wrong in one: ten thousand faults, in a body of 20
 * KB, keep an isolate busy for 60 ms. So a list is cut off after the first few.
 */
export function listUpTo<Entry extends z.ZodType>(most: number, entry: Entry) {
  const firstFaults = (list: unknown) => {
    if (!Array.isArray(list) || list.length > most) return list;
    let faults = 0;
    const last = list.findIndex((each) => !entry.safeParse(each).success && ++faults === MOST_ERRORS);
    return last < 0 ? list : list.slice(0, last + 1);
  };
  const list = z.preprocess(firstFaults, z.array(entry).max(most));
  return list as z.ZodType<z.output<Entry>[], z.input<Entry>[]>;
}
