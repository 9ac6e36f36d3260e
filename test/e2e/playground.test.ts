/** The playground: what EARN does with a history, seen and measured on the visitor's device. */
import { expect, test } from 'vitest';
import { findings } from './accessibility.ts';
import { DESKTOP, PHONE, watchPage } from './browser.ts';
import { Demo } from './demo.ts';
import { setStage } from './stage.ts';

const stage = setStage();
const PATIENCE = { timeout: 120_000 };

test('the history drops out after layer k; each knob makes a new run', async () => {
  const demo = await Demo.open(stage, DESKTOP);
  await demo.add('fargo');
  const { page } = demo;
  await page.getByRole('link', { name: 'Playground' }).click();
  const picture = page.getByRole('img', { name: /^Attention of S/ });
  await picture.waitFor(PATIENCE);
  const told = async () => (await picture.getAttribute('aria-label')) ?? '';
  // Six layers, of which two read the whole history and four the newest four films.
  expect(await told()).toMatch(
    /layer 1 sees 50 of 50.*layer 2 sees 50 of 50.*layer 3 sees 4 of 50.*layer 6 sees 4 of 50/,
  );
  expect(await page.getByText('not seen').count()).toBe(4);
  expect(await page.getByText(/the newest 1 your own/).count()).toBe(1);

  const slider = page.getByRole('slider', { name: 'History' });
  await slider.fill('100');
  await expect.poll(told, PATIENCE).toContain('layer 1 sees 100 of 100');
  const bytes = await page.locator('.bars').nth(1).locator('dd').allInnerTexts();
  const [earn, full] = bytes.map((text) => Number.parseFloat(text));
  expect(full).toBeGreaterThan(2 * earn);

  const before = await page.getByRole('list', { name: 'This model' }).textContent();
  await page.getByRole('checkbox').check();
  await expect
    .poll(() => page.getByRole('list', { name: 'This model' }).textContent(), PATIENCE)
    .not.toBe(before);
  const alike = await page.getByRole('list', { name: 'This model' }).textContent();
  await page.getByRole('slider', { name: 'Diversity' }).fill('80');
  await expect
    .poll(() => page.getByRole('list', { name: 'This model' }).textContent(), PATIENCE)
    .not.toBe(alike);
  await page.getByRole('combobox').selectOption('beam');
  await page.getByText('20 prefixes').waitFor(PATIENCE);
  for (const name of ['This model', 'The decoder alone', 'Counting alone', 'Most popular']) {
    expect(await page.getByRole('list', { name }).getByRole('listitem').count(), name).toBe(10);
  }
  expect(await findings(page)).toEqual([]);
  expect(demo.problems).toEqual([]);
});

test('on a phone, without a history of one’s own', async () => {
  const page = await (await stage.browser.newContext({ ...PHONE, colorScheme: 'dark' })).newPage();
  const problems = watchPage(page, stage.server.url);
  await page.goto(`${stage.server.url}/playground`);
  await page.getByRole('img', { name: /^Attention of S/ }).waitFor(PATIENCE);
  expect(await page.getByText('popular films').count()).toBe(1);
  expect(await findings(page)).toEqual([]);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(fits).toBe(true);
  expect(problems).toEqual([]);
});
