import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { bundlePage } from './scripts/bundle-page.ts';

// The plugin does not run wrangler's `[build]`, and the Worker imports what it makes.
await bundlePage();

/** Nothing here is measured: this only ends what hangs, on a machine however slow. */
const guard = { testTimeout: 600_000, hookTimeout: 600_000 };

/** How long `chaos.test.ts` goes on, and from which seed: `npm run verify:trust` says it. */
const CHAOS = process.env.CHAOS ? { CHAOS: process.env.CHAOS } : undefined;

export default defineConfig({
  test: {
    // The service logs every request.
    silent: 'passed-only',
    projects: [
      {
        test: {
          ...guard,
          name: 'node',
          include: [
            'test/{bench,build,commands,data,demo,docs,engine,evaluate,events,items,make,memory,outcomes,recommend,trials}/**/*.test.ts',
          ],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { r2Buckets: ['STATES_BUCKET'], bindings: { ACCESS: 'open', ...CHAOS } },
          }),
        ],
        test: {
          ...guard,
          name: 'workers',
          include: ['test/service/**/*.test.ts'],
          // One isolate for all files: a fresh one compiles the 14 MB of onnxruntime again.
          isolate: false,
          maxWorkers: 1,
        },
      },
    ],
  },
});
