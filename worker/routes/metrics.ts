import { Hono } from 'hono';
import type { Metrics } from '../observe/metrics.ts';

/** `GET /metrics`: the counters of the isolate that answers. */
export function isolateMetrics(metrics: Metrics) {
  return new Hono().get('/metrics', (c) =>
    c.body(metrics.toString(), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
      'Cache-Control': 'no-store',
    }),
  );
}
