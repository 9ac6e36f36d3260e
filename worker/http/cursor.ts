/** Where the next page begins, as a token that clients hand back unread. */
import { invalidRequest } from './problem.ts';

/** The offset in base64url. */
export function encodeCursor(offset: number): string {
  return btoa(String(offset)).replace(/=+$/, '');
}

/** Throws the problem `invalid_request` for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): number {
  const offset = Number(decode(cursor));
  if (Number.isSafeInteger(offset) && offset > 0 && encodeCursor(offset) === cursor) return offset;
  throw invalidRequest([{ path: 'query/cursor', message: 'Not a cursor that this service gave' }]);
}

function decode(cursor: string): string {
  try {
    return atob(cursor);
  } catch {
    return '';
  }
}
