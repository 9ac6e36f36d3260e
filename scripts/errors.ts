/**
 * Something that the user can solve. A command prints its message in one line, without a stack trace, and
 * exits 2.
 */
export class UserError extends Error {
  override name = 'UserError';
}
