/**
 * The service's own Worker, and one path more that tells how large its WASM memory is. Never part of the
 * product.
 */
// First: the service starts its runtime as soon as it is imported, and its memory is seen when it is made.
import './wasm-memory.ts';
import service from '../../worker/index.ts';
import { wasmBytes } from './wasm-memory.ts';

export * from '../../worker/index.ts';

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    if (new URL(request.url).pathname === '/bench/wasm') return Response.json(wasmBytes());
    return service.fetch(request, env, context);
  },
};
