/** Where the next page begins, as a token that clients hand back unread. */
import { z } from '@hono/zod-openapi';

/** Exactly what `encodeCursor` makes. */
export const cursor = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, 'Not a cursor that this service gave')
  .optional()
  .openapi({ description: '`next_cursor` of the page before' });

export function encodeCursor(offset: number): string {
  return String(offset);
}

export function decodeCursor(cursor: string): number {
  return Number(cursor);
}
