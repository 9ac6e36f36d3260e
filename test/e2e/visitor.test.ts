/** A visitor's first minute: the page of `npm start` in a real browser. */
import { expect, test } from 'vitest';
import { seriousFindings } from './accessibility.ts';
import { DESKTOP, PHONE } from './browser.ts';
import { Demo } from './demo.ts';
import { setStage } from './stage.ts';

const FILMS = ['toy story', 'star wars', 'alien', 'godfather', 'casablanca'];

const stage = setStage();

test('five films are five new lists, each by extending the state; after a reload it is a hit', async () => {
  const demo = await Demo.open(stage);
  let before = await demo.titles();
  const statuses: unknown[] = [];
  for (const film of FILMS) {
    const { status, titles } = await demo.add(film);
    statuses.push(status);
    expect(titles).toHaveLength(10);
    expect(titles).not.toEqual(before);
    for (const seen of await demo.history()) expect(titles).not.toContain(seen);
    before = titles;
  }
  expect(statuses).toEqual(['miss', ...Array(4).fill('extended')]);
  const history = await demo.history();
  expect(history).toHaveLength(5);
  expect(history[0]).toContain('Casablanca');

  const { status, titles } = await demo.answered(() => demo.page.reload());
  expect(status).toBe('hit');
  expect(titles).toEqual(before);
  expect(await demo.history()).toEqual(history);
  expect(demo.problems).toEqual([]);
});

test('clicks that come faster than answers are all kept, in their order', async () => {
  const demo = await Demo.open(stage);
  const films = demo.page.locator('#results button');
  await films.first().waitFor();
  for (const index of [0, 1, 2]) await films.nth(index).click();
  await expect.poll(async () => (await demo.kept()).log.length, { timeout: 30_000 }).toBe(3);
  const clicked = await films.locator('.title').allInnerTexts();
  expect(await demo.history()).toEqual(clicked.slice(0, 3).reverse());
  expect(demo.problems).toEqual([]);
});

test('a click that got no answer is sent again with the same key, and counts once', async () => {
  const demo = await Demo.open(stage);
  const keys: string[] = [];
  let lost = 0;
  await demo.page.route('**/recommendations', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (lost++ > 0) return route.continue();
    await route.fetch(); // the server has it, the browser never hears of it
    await route.abort();
  });
  await demo.search.fill('fargo');
  await demo.page.locator('#results button', { hasText: 'Fargo' }).click();
  const retry = demo.page.getByRole('button', { name: 'Try again' });
  await retry.waitFor();
  await demo.answered(() => retry.click());
  expect(await demo.history()).toEqual(['Fargo (1996)']);
  expect(new Set(keys).size).toBe(1);
  const { user } = await demo.kept();
  expect(await (await fetch(`${stage.server.url}/v1/users/${user}`)).json()).toMatchObject({ length: 1 });
});

test('who asks to be forgotten is, here and on the server', async () => {
  const demo = await Demo.open(stage);
  const { titles: before } = await demo.answered(() => demo.page.reload());
  await demo.add('heat');
  const { user } = await demo.kept();
  await demo.page.getByRole('button', { name: 'Forget me' }).click();
  await expect.poll(() => demo.titles(), { timeout: 30_000 }).toEqual(before);
  expect(await demo.history()).toEqual([]);
  expect((await demo.kept()).user).not.toBe(user);
  expect(await (await fetch(`${stage.server.url}/v1/users/${user}`)).json()).toMatchObject({ length: 0 });
  expect(demo.problems).toEqual([]);
});

test('by keyboard alone, on a phone, in dark mode', async () => {
  const demo = await Demo.open(stage, { ...PHONE, colorScheme: 'dark' });
  const { page } = demo;
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await demo.search.focus();
  await page.keyboard.type('matrix');
  await page.locator('#results button', { hasText: 'Matrix, The' }).waitFor();
  await page.keyboard.press('Tab');
  await demo.answered(() => page.keyboard.press('Enter'));
  expect(await focused()).toContain('Matrix, The (1999)seen');
  // Down to the second film recommended: the focus stays at its place in the new list.
  await page.locator('#recommendations button').nth(1).focus();
  await demo.answered(() => page.keyboard.press('Enter'));
  expect(await focused()).toContain((await demo.titles())[1]);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(fits).toBe(true);
  expect(demo.problems).toEqual([]);
});

test.each([
  ['desktop', 'light', DESKTOP],
  ['desktop', 'dark', DESKTOP],
  ['phone', 'light', PHONE],
  ['phone', 'dark', PHONE],
] as const)('everyone can use it: %s, %s', async (name, colorScheme, device) => {
  const demo = await Demo.open(stage, { ...device, colorScheme, reducedMotion: 'reduce' });
  expect(await seriousFindings(demo.page)).toEqual([]);
  for (const film of FILMS) await demo.add(film);
  expect(await seriousFindings(demo.page)).toEqual([]);

  const { SCREENSHOTS } = process.env;
  const shown = name === 'desktop' ? 'light' : 'dark';
  if (!SCREENSHOTS || colorScheme !== shown) return;
  await demo.answered(() => demo.page.reload());
  for (let click = 0; click < 6; click++) {
    await demo.answered(() =>
      demo.page
        .locator('#recommendations button')
        .nth(click % 3)
        .click(),
    );
  }
  await demo.search.fill('star');
  await demo.page.locator('#results button', { hasText: 'Star Trek' }).first().waitFor();
  const path = `${SCREENSHOTS}/page-${name}.png`;
  const size = name === 'desktop' ? { width: 1160, height: 940 } : { width: 390, height: 1240 };
  await demo.page.setViewportSize(size);
  await demo.page.mouse.move(0, 0);
  await demo.page.evaluate(() => window.scrollTo(0, 0));
  await demo.page.screenshot({ path });
});
