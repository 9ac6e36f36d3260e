import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Chromium of the system; `CHROMIUM` names another one. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** What visitors look through. */
export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };
export const DESKTOP = { viewport: { width: 1280, height: 900 } };

/**
 * WebGPU on the CPU (SwiftShader): slow, and with float32 alone. Without it a headless browser has no
 * adapter.
 */
export const SOFTWARE_GPU = ['--enable-unsafe-webgpu'];

export function startBrowser(more: string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PATHS.find((path) => existsSync(path));
  if (!executablePath) throw new Error('no Chromium found; install it or name it in CHROMIUM');
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ];
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet, ...more] });
}

/**
 * What went wrong on a page while a visitor used it: console errors, policy violations, requests elsewhere.
 */
export function watchPage(page: Page, url: string): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    // Chromium's own word on a machine without a GPU, whenever a page asks whether there is one.
    if (message.text() === 'No available adapters.') return;
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`page: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) {
      problems.push(`request elsewhere: ${request.url()}`);
    }
  });
  return problems;
}
