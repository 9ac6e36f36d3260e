/**
 * Faults around everything that the service rests on, under many users at once, through two deployments and
 * back. `npm run verify:trust` runs more of it, or a seed again.
 */
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { World } from './chaos/world.ts';
import { fakeClock } from './clock.ts';
import { warmUp } from './durable.ts';

const { CHAOS = '500 1' } = env as Env & { CHAOS?: string };
const [operations, seed] = CHAOS.split(' ').map(Number);

let clock: ReturnType<typeof fakeClock>;
beforeAll(...warmUp);
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  clock = fakeClock();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test(`${operations} operations with faults of seed ${seed}: none is wrong, nothing is lost or leaks`, async () => {
  const world = await World.make(seed);
  const { outcome, findings } = world.client;
  for (const [part, model] of [0, 1, 0].entries()) {
    if (part > 0) world.deploy(model);
    while (outcome.operations < ((part + 1) / 3) * operations) await world.step(clock);
  }
  await world.end(clock);
  console.log(`CHAOS ${JSON.stringify(outcome)}`);
  expect(findings).toEqual([]);
  expect(outcome).toMatchObject({ wrong_answers: 0, lost_interactions: 0, leaks: 0 });
  // Faults did happen, of each kind.
  for (const kind of [
    'object_answer_lost',
    'object_called_twice',
    'kv_away',
    'kv_write_late',
    'engine_failed',
    'queue_away',
    'bucket_away',
  ]) {
    expect(outcome.faults[kind], kind).toBeGreaterThan(0);
  }
});
