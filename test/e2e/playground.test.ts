/** The playground: what EARN does with a history, seen and measured on the visitor's device. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { randomCheckpoint } from '../../scripts/build/random-checkpoint.ts';
import { shapeWithoutEarn } from '../../scripts/build/without-earn.ts';
import { startServer } from '../../scripts/local-service.ts';
import { folderSource, nodeRuntime } from '../../scripts/node-model.ts';
import { EMBEDDED } from '../../scripts/serving.ts';
import { ItemSearch } from '../../worker/catalogue/item-search.ts';
import { nameOf } from '../../worker/demo/title.ts';
import { bestItems } from '../../worker/engine/ranking.ts';
import type { Manifest } from '../../worker/models/manifest.ts';
import { loadModel } from '../../worker/models/model.ts';
import { findings } from './accessibility.ts';
import { DESKTOP, PHONE, startBrowser, watchPage } from './browser.ts';
import { Demo } from './demo.ts';

const PATIENCE = { timeout: 120_000 };
const WITHOUT = 'Without EARN (k = N)';

const folder = mkdtempSync(join(tmpdir(), 'earn-edge-playground-'));
let browser: Browser;

beforeAll(async () => {
  const own = ['runtime', 'full'];
  cpSync(EMBEDDED, folder, { recursive: true, filter: (path) => !own.includes(basename(path)) });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

const picture = (page: Page) => page.getByRole('img', { name: /^Attention of S/ });
const list = (page: Page, name: string) => page.getByRole('list', { name });
const compare = (page: Page) => page.getByRole('button', { name: /^Compare with the same decoder/ }).click();

/** Values of the bars under this heading, in their order. */
async function bars(page: Page, heading: string): Promise<number[]> {
  const texts = await page.locator('.bars', { hasText: heading }).locator('dd').allInnerTexts();
  return texts.map((text) => Number.parseFloat(text));
}

describe('a model that comes with nothing to compare it with', () => {
  const stage = {} as { browser: Browser; server: Awaited<ReturnType<typeof startServer>> };
  beforeAll(async () => {
    Object.assign(stage, { browser, server: await startServer({ model: folder }) });
  });
  afterAll(() => stage.server?.stop());

  test('the history drops out after layer k; each knob makes a new run', async () => {
    const demo = await Demo.open(stage, DESKTOP);
    await demo.add('fargo');
    const { page } = demo;
    await page.getByRole('link', { name: 'Playground' }).click();
    await picture(page).waitFor(PATIENCE);
    const told = async () => (await picture(page).getAttribute('aria-label')) ?? '';
    // Six layers, of which the second reads the whole history, the first its sliding window, and four the
    // newest four films.
    expect(await told()).toMatch(
      /layer 1 sees 32 of 50.*layer 2 sees 50 of 50.*layer 3 sees 4 of 50.*layer 6 sees 4 of 50/,
    );
    expect(await page.getByText('not seen').count()).toBe(5);
    expect(await page.getByText(/the newest 1 your own/).count()).toBe(1);

    await page.getByRole('slider', { name: 'History' }).fill('100');
    await expect.poll(told, PATIENCE).toContain('layer 2 sees 100 of 100');

    const ours = () => list(page, 'This model').textContent();
    const before = await ours();
    await page.getByRole('checkbox').check();
    await expect.poll(ours, PATIENCE).not.toBe(before);
    const alike = await ours();
    await page.getByRole('slider', { name: 'Diversity' }).fill('80');
    await expect.poll(ours, PATIENCE).not.toBe(alike);
    await page.getByRole('combobox').selectOption('beam');
    await page.getByText('20 prefixes').waitFor(PATIENCE);
    for (const name of ['This model', 'Its decoder alone', 'Counting alone', 'Most popular']) {
      expect(await list(page, name).getByRole('listitem').count(), name).toBe(10);
    }
    expect(await findings(page)).toEqual([]);
    expect(demo.problems).toEqual([]);
  });

  test('what it costs without EARN is measured with random weights, which list nothing', async () => {
    const page = await (await browser.newContext(DESKTOP)).newPage();
    const problems = watchPage(page, stage.server.url);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${stage.server.url}/playground`);
    await picture(page).waitFor(PATIENCE);
    expect(asked.filter((url) => url.includes('/full/'))).toEqual([]);

    await compare(page);
    await page.getByText('random weights: they take the same time').waitFor(PATIENCE);
    const [earn, full] = await bars(page, 'What is kept of it');
    expect(full).toBeGreaterThan(2 * earn);
    expect(await bars(page, 'Time to read the history')).toHaveLength(3);
    expect(await list(page, WITHOUT).count()).toBe(0);
    await page.getByText('comes without a trained decoder of that kind').waitFor();
    expect(await findings(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  test('on a phone, without a history of one’s own', async () => {
    const page = await (await browser.newContext({ ...PHONE, colorScheme: 'dark' })).newPage();
    const problems = watchPage(page, stage.server.url);
    await page.goto(`${stage.server.url}/playground`);
    await picture(page).waitFor(PATIENCE);
    expect(await page.getByText('popular films').count()).toBe(1);
    expect(await findings(page)).toEqual([]);
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    expect(fits).toBe(true);
    expect(problems).toEqual([]);
  });
});

test('the same decoder without EARN, trained on the same data, says what follows as well', async () => {
  const { config }: Manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const checkpoint = {
    ...randomCheckpoint(shapeWithoutEarn(config)),
    items: JSON.parse(readFileSync(join(folder, 'catalogue.json'), 'utf8')),
    validation: { parameters: 1, latent: { 'hr@10': 0.3456 } },
  };
  const full = join(folder, 'full');
  writeModel(buildModel(checkpoint, 'without EARN', 'int8'), full);
  const server = await startServer({ model: folder });
  try {
    const page = await (await browser.newContext(DESKTOP)).newPage();
    const problems = watchPage(page, server.url);
    await page.goto(`${server.url}/playground`);
    await picture(page).waitFor(PATIENCE);
    await compare(page);
    await page.getByText('trained on the same data').waitFor(PATIENCE);
    const shown = await list(page, WITHOUT).getByRole('listitem').allInnerTexts();
    const expected = await fiftyPopularIn(full);
    expect(shown.map((text, i) => text.startsWith(expected[i]))).toEqual(expected.map(() => true));
    expect(await page.getByText('found 34.6 %').count()).toBe(1);
    const everywhere = page.getByRole('img', {
      name: /^Without EARN, attention of S.*layer 6 sees 50 of 50/,
    });
    expect(await everywhere.count()).toBe(1);
    expect(await findings(page)).toEqual([]);
    expect(problems).toEqual([]);
  } finally {
    await server.stop();
  }
});

/** Names of what this model lists after the 50 most popular films, computed here. */
async function fiftyPopularIn(folder: string): Promise<string[]> {
  const model = await loadModel(folderSource(folder), nodeRuntime());
  const { catalogue } = model;
  const popular = new ItemSearch(catalogue.items!).find('').slice(0, 50);
  const history = popular.map(({ id }) => catalogue.indexOf(id)!);
  const scores = await model.itemLogProbs(await model.prefill(history));
  const best = bestItems(scores, catalogue.allowed(history), 10);
  return best.map(({ item }) => nameOf(catalogue.items![item].title));
}
