import type { Context } from 'hono';
import { wrapTime } from 'hono/timing';
import type { Run } from '../recommend/run.ts';
import { Problem } from './problem.ts';

/** Refuses a request that needs inference and has no right to it. @throws {Problem} `overloaded` */
export function rejectOverloaded(c: Context): void {
  if (!c.get('mayInfer')) throw new Problem('overloaded');
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
      return stage(name, work);
    },
  };
}
