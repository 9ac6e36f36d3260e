/** How requests find their routes. */
import { expect, test } from 'vitest';
import { fakeService } from './helpers.ts';

test('all routes are such that Hono finds one by a single regular expression', async () => {
  const { app } = fakeService();
  await app.request('/healthz');
  expect(app.router.name).toBe('SmartRouter + RegExpRouter');
});
