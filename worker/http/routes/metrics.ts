import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Metrics } from '../../observe/metrics.ts';
import { defineRoute } from '../define-route.ts';

const route = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  tags: ['Operation'],
  scopes: [],
  summary: 'Counters of the isolate that answers',
  description:
    'In Prometheus’ text format. Takes an `admin` key unless the deployment exposes it. An isolate counts its own requests only, and a deployment has many.',
  responses: { 200: { description: 'The counters', content: { 'text/plain': { schema: z.string() } } } },
  example: () => ({}),
});

/** `GET /metrics` */
export function isolateMetrics(metrics: Metrics) {
  return new OpenAPIHono().openapi(route, (c) =>
    c.text(metrics.toString(), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
      'Cache-Control': 'no-store',
    }),
  );
}
