import { createMiddleware } from 'hono/factory';
import { MODEL_NAMES, type ModelName } from '../models/rollout.ts';
import { invalidRequest } from './problem.ts';

/** Names the model that must answer, whatever share of the users the candidate has. */
export const MODEL_HEADER = 'X-Model';

declare module 'hono' {
  interface ContextVariableMap {
    model: ModelName | undefined;
  }
}

/**
 * Reads `X-Model` before anything is done for the request. @throws {Problem} `invalid_request` for an unknown
 * name
 */
export const modelHeader = createMiddleware(async (c, next) => {
  const header = c.req.header(MODEL_HEADER);
  const name = MODEL_NAMES.find((name) => name === header);
  if (header !== undefined && name === undefined) {
    throw invalidRequest([{ path: 'header/x-model', message: `Neither ${MODEL_NAMES.join(' nor ')}` }]);
  }
  c.set('model', name);
  await next();
});
