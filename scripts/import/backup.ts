/** Reads what `npm run export -- --backup` wrote: users' interactions as they were stored, in that order. */
import { z } from 'zod';
import { DataError, fail } from '../data/errors.ts';
import { lines } from '../data/lines.ts';
import type { Histories, History } from './histories.ts';

/** A field that DuckDB writes as null is one that the interaction does not have. */
const absent = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => (value === null ? undefined : value));

const history = z.strictObject({
  user: z.string(),
  items: z
    .array(
      z
        .strictObject({ id: z.string(), timestamp: absent(z.number()), type: absent(z.string()) })
        .transform(({ id, timestamp, type }) => ({
          id,
          ...(timestamp !== undefined && { timestamp }),
          ...(type !== undefined && { type }),
        })),
    )
    .min(1),
});

/** The histories of a backup. @throws {DataError} at the first line that is none */
export async function readBackup(path: string): Promise<Histories> {
  let [users, interactions] = [0, 0];
  for await (const { items } of historiesOf(path)) {
    users++;
    interactions += items.length;
  }
  if (users === 0) throw new DataError(`${path}: no interactions`);
  const counts = { users, interactions, dropped: 0, incomplete: 0 };
  return { ...counts, [Symbol.asyncIterator]: () => historiesOf(path) };
}

async function* historiesOf(path: string): AsyncGenerator<History> {
  for await (const { line, text } of lines(path)) {
    const { data, error } = history.safeParse(parsed(text));
    if (error) {
      const [{ path: place, message }] = error.issues;
      fail({ file: path, line }, place.join('.') || 'json', message);
    }
    yield data;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
