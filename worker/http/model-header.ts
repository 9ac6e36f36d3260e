import { createMiddleware } from 'hono/factory';
import type { Access } from '../access/access.ts';
import { MODEL_NAMES, type ModelName } from '../models/rollout.ts';
import { exposed } from './authentication.ts';
import { invalidRequest } from './problem.ts';

/** Names the model that must answer, whatever share of the users the candidate has. */
export const MODEL_HEADER = 'X-Model';

declare module 'hono' {
  interface ContextVariableMap {
    model: ModelName | undefined;
  }
}

/** Reads `X-Model` before anything is done for the request, from those who may choose the model. */
export function modelHeader(access: Access) {
  const mayChoose = exposed(access, 'x-model');
  return createMiddleware(async (c, next) => {
    const header = c.req.header(MODEL_HEADER);
    c.set('model', undefined);
    if (header === undefined) return next();
    return mayChoose(c, async () => {
      c.set('model', nameOf(header));
      await next();
    });
  });
}

/** @throws {Problem} `invalid_request` for an unknown name */
function nameOf(header: string): ModelName {
  const name = MODEL_NAMES.find((name) => name === header);
  if (name) return name;
  throw invalidRequest([{ path: 'header/x-model', message: `Neither ${MODEL_NAMES.join(' nor ')}` }]);
}
