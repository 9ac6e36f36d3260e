/** A visitor's first minute: the page of `npm start` in a real browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser, watchPage } from './browser.ts';
import { type Server, startServer } from './server.ts';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await startServer();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(options: Parameters<Browser['newPage']>[0] = {}) {
  const page = await browser.newPage(options);
  const problems = watchPage(page, server.url);
  await page.goto(server.url);
  const titles = () => page.locator('#recommendations li').allInnerTexts();
  /** Waits for an answer to replace the list. */
  const changed = (before: string[]) =>
    expect
      .poll(
        async () => {
          const now = await titles();
          return now.length === 10 && JSON.stringify(now) !== JSON.stringify(before);
        },
        { timeout: 30_000 },
      )
      .toBe(true);
  await changed([]);
  return { page, problems, titles, changed };
}

test('search, click a few films, and the list changes each time; a reload keeps the history', async () => {
  const { page, problems, titles, changed } = await open();
  for (const words of ['toy story', 'star wars', 'alien']) {
    const before = await titles();
    await page.getByRole('searchbox').fill(words);
    const found = page.locator('#results button', { hasText: new RegExp(words, 'i') }).first();
    const title = await found.innerText();
    await found.click();
    await changed(before);
    expect((await titles()).join('\n')).not.toContain(title);
  }
  const before = await titles();
  expect(await page.locator('#history li').count()).toBe(3);
  await page.reload();
  await expect.poll(titles, { timeout: 30_000 }).toEqual(before);
  expect(problems).toEqual([]);
});

test('by keyboard alone, on a phone, in dark mode', async () => {
  const { page, problems, titles, changed } = await open({
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
    hasTouch: true,
  });
  const before = await titles();
  await page.getByRole('searchbox').focus();
  await page.keyboard.type('matrix');
  await page.locator('#results button', { hasText: 'Matrix, The' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await changed(before);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(fits).toBe(true);
  expect(problems).toEqual([]);
});
