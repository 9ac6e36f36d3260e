/** What the dashboard reads from `/metrics`. */
import { expect, test } from 'vitest';
import { parseReading, quantile, ratesBetween, sumOf } from '../../worker/demo/dashboard/counters.ts';
import { Metrics } from '../../worker/observe/metrics.ts';

const facts = { request_id: 'a', method: 'GET', route: '/v1/items/:id', status: 200 };

/** Counters after answers that took so many milliseconds each. */
function metricsAfter(...times: number[]): Metrics {
  const metrics = new Metrics();
  for (const duration_ms of times) metrics.request({ ...facts, duration_ms });
  return metrics;
}

test('what the service prints is what is read', () => {
  const metrics = metricsAfter(1, 1, 300);
  metrics.request({
    ...facts,
    method: 'PUT',
    route: 'a"b\\c',
    status: 500,
    duration_ms: 1,
    problem: 'internal',
  });
  const { samples, isolate } = parseReading(metrics.toString(), 0);
  expect(sumOf(samples, 'earn_requests_total')).toBe(4);
  expect(sumOf(samples, 'earn_requests_total', ({ status }) => status === '500')).toBe(1);
  expect(sumOf(samples, 'earn_requests_total', ({ route }) => route === 'a"b\\c')).toBe(1);
  expect(sumOf(samples, 'earn_problems_total')).toBe(1);
  expect(Number(isolate)).toBeGreaterThan(0);
});

test('between two readings only what came in between counts, per second', () => {
  const metrics = metricsAfter(1, 1, 1);
  const before = parseReading(metrics.toString(), 100);
  for (let i = 0; i < 20; i++) metrics.request({ ...facts, duration_ms: 80 });
  metrics.request({ ...facts, status: 404, duration_ms: 80 });
  const rates = ratesBetween(before, parseReading(metrics.toString(), 110));
  expect(sumOf(rates, 'earn_requests_total', ({ status }) => status === '200')).toBeCloseTo(2);
  expect(sumOf(rates, 'earn_requests_total', ({ status }) => status === '404')).toBeCloseTo(0.1);
  // All of them took 50 to 100 ms; those before don't count.
  expect(quantile(rates, 'earn_request_duration_ms', 0.01)).toBeGreaterThan(50);
});

test('quantiles stand in the range that has them', () => {
  const { samples } = parseReading(metricsAfter(...Array(90).fill(3), ...Array(10).fill(200)).toString(), 0);
  const at = (share: number) => quantile(samples, 'earn_request_duration_ms', share)!;
  expect(at(0.5)).toBeGreaterThan(0);
  expect(at(0.5)).toBeLessThanOrEqual(5);
  expect(at(0.95)).toBeGreaterThan(100);
  expect(at(0.95)).toBeLessThanOrEqual(250);
  const slow = parseReading(metricsAfter(60_000).toString(), 0).samples;
  expect(quantile(slow, 'earn_request_duration_ms', 0.5)).toBe(2500); // all that is known: longer
  expect(
    quantile(parseReading(new Metrics().toString(), 0).samples, 'earn_request_duration_ms', 0.5),
  ).toBeNull();
});
