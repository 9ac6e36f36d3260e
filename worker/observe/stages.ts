import type { Context } from 'hono';
import { wrapTime } from 'hono/timing';
import type { Stage } from '../recommend/recommend-user.ts';

/** The stages of a request, as its `Server-Timing` header shows them. */
export function stagesOf(c: Context): Stage {
  return (name, work) => wrapTime(c, name, work);
}
