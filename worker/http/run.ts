import type { Context } from 'hono';
import { wrapTime } from 'hono/timing';
import { MOST_LEFT_OUT } from '../recommend/explain.ts';
import type { ListQuery } from '../recommend/query.ts';
import type { Run } from '../recommend/run.ts';
import { Problem } from './problem.ts';

/** Refuses a request that needs inference and has no right to it. @throws {Problem} `overloaded` */
export function rejectOverloaded(c: Context): void {
  if (!c.get('admitted').mayInfer) throw new Problem('overloaded');
}

/**
 * Says which lists a request asks for, before any is made. An explained one is made without each of some
 * items as well.
 * @throws {Problem} `rate_limited` or `overloaded` when these are too many now
 */
export async function weigh(c: Context, lists: readonly Pick<ListQuery, 'explain'>[]): Promise<void> {
  const work = lists.reduce((sum, { explain }) => sum + (explain ? 1 + MOST_LEFT_OUT : 1), 0);
  if (work === 1) return;
  await c.get('charge')(work - 1);
  c.get('admitted').weigh(work);
}

/**
 * A request's way through the pipeline: each stage is timed for `Server-Timing`, and what needs inference is
 * refused here, before it begins, for a request that was admitted without a right to it (`admission.ts`).
 */
export function runOf(c: Context): Run {
  const admitted = c.get('admitted');
  return {
    stage: (name, work) => wrapTime(c, name, work()),
    async infer(items, work) {
      rejectOverloaded(c);
      return admitted.infer(items, work);
    },
    get mostItems() {
      return admitted.mostItems;
    },
  };
}
