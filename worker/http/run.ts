import type { Context } from 'hono';
import { wrapTime } from 'hono/timing';
import type { Run } from '../recommend/run.ts';
import { Problem } from './problem.ts';

/** Refuses a request that needs inference and has no right to it. @throws {Problem} `overloaded` */
export function rejectOverloaded(c: Context): void {
  if (!c.get('admitted').mayInfer) throw new Problem('overloaded');
}

/**
 * Says that a request asks for so many lists, before any is made.
 * @throws {Problem} `rate_limited` or `overloaded` when these are too many now
 */
export async function weigh(c: Context, lists: number): Promise<void> {
  await c.get('charge')(lists - 1);
  c.get('admitted').weigh(lists);
}

/**
 * A request's way through the pipeline: each stage is timed for `Server-Timing`, and what needs inference is
 * refused here, before it begins, for a request that was admitted without a right to it (`admission.ts`).
 */
export function runOf(c: Context): Run {
  const stage: Run['stage'] = (name, work) => wrapTime(c, name, work());
  return {
    stage,
    async infer(name, work) {
      rejectOverloaded(c);
      return stage(name, () => c.get('admitted').infer(work));
    },
  };
}
