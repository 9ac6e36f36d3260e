import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { bundlePage } from './scripts/bundle-page.ts';

// The plugin does not run wrangler's `[build]`, and the Worker imports what it makes.
await bundlePage();

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'node', include: ['test/{data,build,engine,page}/**/*.test.ts'] } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: {
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
