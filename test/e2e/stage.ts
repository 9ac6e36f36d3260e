/** What the tests in a browser play on. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { startBrowser } from './browser.ts';

export interface Stage {
  server: Server;
  browser: Browser;
}

/** The service and a browser with these flags, there from before a file's first test until after its last. */
export function setStage(flags?: string[]): Stage {
  const stage = {} as Stage;
  beforeAll(async () => {
    stage.server = await startServer();
    stage.browser = await startBrowser(flags);
  });
  afterAll(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
