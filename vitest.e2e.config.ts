import { defineConfig } from 'vitest/config';

/** End to end: `wrangler dev` as `npm start` runs it, and a real headless Chromium. One server at a time. */
export default defineConfig({
  test: {
    name: 'e2e',
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    // Servers start and browsers load; nothing here is measured. This only ends what hangs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
