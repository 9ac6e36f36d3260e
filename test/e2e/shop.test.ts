/** A shop's own model: the page has its words, its colour, its pictures and its examples. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { readPage } from '../../scripts/build/page.ts';
import { randomCheckpoint } from '../../scripts/build/random-checkpoint.ts';
import { CIRCLE, exampleItem, TASTES } from '../../scripts/data/datasets/example.ts';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { findings } from './accessibility.ts';
import { DESKTOP, startBrowser, watchPage } from './browser.ts';
import { Demo } from './demo.ts';

const folder = mkdtempSync(join(tmpdir(), 'earn-edge-shop-'));
let server: Server;
let browser: Browser;

/** The made-up shop's items, each with a picture; the decoder is random, as only the page is looked at. */
function shop() {
  const items = TASTES.flatMap((category, taste) =>
    Array.from({ length: CIRCLE }, (_, place) => ({
      id: exampleItem(taste, place),
      title: `${category} No. ${place + 1}`,
      categories: [category],
      count: place,
      properties: { image: '/icon.svg' },
    })),
  );
  const checkpoint = randomCheckpoint({
    items: items.length,
    levels: 2,
    codebook: 16,
    depth: 4,
    registerDepth: 2,
    localWindow: 2,
    width: 32,
    heads: 2,
    headDim: 16,
    ffn: 64,
    contextWindow: 32,
  });
  const page = readPage('examples/pages/shop.json');
  return buildModel({ ...checkpoint, items }, 'shop', 'int8', { noun: 'product', page });
}

beforeAll(async () => {
  writeModel(shop(), folder);
  server = await startServer({ model: folder });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

test('nothing speaks of films', async () => {
  const page = await (await browser.newContext(DESKTOP)).newPage();
  const demo = new Demo(page, watchPage(page, server.url));
  await demo.answered(() => page.goto(server.url));
  expect(await page.title()).toBe('What to buy next');
  await page.getByRole('heading', { level: 1, name: 'What to buy next' }).waitFor();
  await page.getByText('A made-up shop: nothing here can be bought.').waitFor();
  await demo.answered(() => page.getByRole('button', { name: 'Tea drinker' }).click());
  expect(await demo.history()).toEqual(['Tea No. 3', 'Tea No. 2', 'Tea No. 1']);
  await expect.poll(() => demo.titles()).toHaveLength(10);
  expect(await page.locator('#recommendations img.poster').count()).toBe(10);
  const drawn = await page
    .locator('#recommendations img.poster')
    .first()
    .evaluate((image) => (image as HTMLImageElement).naturalWidth);
  expect(drawn).toBeGreaterThan(0);
  expect(await page.locator('#cost-line').textContent()).toMatch(/3 products/);
  const { colour } = JSON.parse(readFileSync('examples/pages/shop.json', 'utf8'));
  const used = await page.evaluate(() => document.documentElement.style.getPropertyValue('--colour'));
  expect(used).toBe(colour);
  expect(await page.locator('body').textContent()).not.toMatch(/film|watch/i);
  expect(await findings(page)).toEqual([]);
  expect(demo.problems).toEqual([]);
});
