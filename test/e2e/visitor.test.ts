/** A visitor's first minutes: the page of `npm start` in a real browser. */
import { expect, test } from 'vitest';
import { findings } from './accessibility.ts';
import { DESKTOP, PHONE } from './browser.ts';
import { Demo } from './demo.ts';
import { setStage } from './stage.ts';

const FILMS = ['toy story', 'star wars', 'alien', 'godfather', 'casablanca'];

const stage = setStage();

// First of all: without a history the list is what is trending, which changes with what others do.
test('what is not wanted is not listed, until it is wanted again', async () => {
  const demo = await Demo.open(stage);
  const [first, second] = await demo.titles();
  await demo.answered(() => demo.page.getByRole('button', { name: `Not for me: ${first}` }).click());
  expect((await demo.titles())[0]).toBe(second);
  expect(await demo.history()).toEqual([]);
  await demo.answered(() => demo.page.reload());
  expect(await demo.titles()).not.toContain(first);
  await demo.page.getByText('Not for you: 1').click();
  await demo.answered(() => demo.page.getByRole('button', { name: `List it again: ${first}` }).click());
  expect((await demo.titles())[0]).toBe(first);
});

test('a first visit on a phone: a taste, a reason, similar films, a film taken out, a link for a friend', async () => {
  const demo = await Demo.open(stage, PHONE);
  const { page } = demo;
  // What is recommended is on the first screen, before anything is clicked.
  const top = (await demo.cards.first().boundingBox())!.y;
  expect(top).toBeLessThan(PHONE.viewport.height - 100);
  const popular = await demo.titles();

  await demo.answered(() => page.getByRole('button', { name: 'Horror' }).click());
  const history = await demo.history();
  expect(history.length).toBeGreaterThan(2);
  const horror = await demo.titles();
  expect(horror).not.toEqual(popular);
  const reasons = await page.locator('#recommendations .why').allInnerTexts();
  const because = reasons.find((reason) => reason.startsWith('Because of'))!;
  expect(history.some((title) => because.includes(title))).toBe(true);
  expect(await page.locator('#recommendations .facts').first().textContent()).toMatch(/^\d{4} · \w+/);

  const first = page.locator('.card').first();
  await first.getByRole('button', { name: 'Similar' }).click();
  await first.locator('.similar .film').first().waitFor();
  expect(await first.locator('.similar .film').count()).toBe(5);

  await demo.answered(() => page.getByRole('button', { name: `Remove ${history[0]}` }).click());
  expect(await demo.history()).toEqual(history.slice(1));
  expect(await demo.logOnServer(stage)).toHaveLength(history.length - 1);
  await demo.answered(() => page.getByRole('button', { name: 'Undo' }).click());
  expect(await demo.history()).toEqual(history);
  expect(await demo.titles()).toEqual(horror);

  const link = (await page.locator('[data-link]').getAttribute('data-link'))!;
  const friend = await Demo.open(stage);
  await friend.answered(() => friend.page.goto(link)); // on a page that is open already
  await expect.poll(() => friend.history(), { timeout: 30_000 }).toEqual(history);
  await friend.settled();
  expect(await friend.titles()).toEqual(horror);
  expect(friend.page.url()).not.toContain('#');
  expect([...demo.problems, ...friend.problems]).toEqual([]);
});

test('each film is one more list that computes only what is new; after a reload nothing is', async () => {
  const demo = await Demo.open(stage);
  let before = await demo.titles();
  const costs: string[] = [];
  for (const film of FILMS) {
    const { cost, titles } = await demo.add(film);
    costs.push(cost);
    expect(titles).toHaveLength(10);
    expect(titles).not.toEqual(before);
    for (const seen of await demo.history()) expect(titles).not.toContain(seen);
    before = titles;
  }
  expect(costs[0]).toMatch(/^All 1 film of your history were computed/);
  expect(costs[1]).toMatch(/^Only your newest film was computed, 1 was remembered/);
  expect(costs[4]).toMatch(/^Only your newest film was computed, 4 were remembered/);
  const history = await demo.history();
  expect(history).toHaveLength(5);
  expect(history[0]).toBe('Casablanca');

  const { cost, titles } = await demo.answered(() => demo.page.reload());
  expect(cost).toMatch(/^Nothing had to be computed, all 5 films were remembered/);
  expect(titles).toEqual(before);
  expect(await demo.history()).toEqual(history);
  expect(await demo.logOnServer(stage)).toHaveLength(5);
  expect(demo.problems).toEqual([]);
});

test('one category at a time, and a surprise', async () => {
  const demo = await Demo.open(stage);
  await demo.answered(() =>
    demo.page.getByRole('combobox', { name: 'Category' }).selectOption('Documentary'),
  );
  for (const facts of await demo.page.locator('#recommendations .film .facts').allInnerTexts()) {
    expect(facts).toContain('Documentary');
  }
  await demo.answered(() => demo.page.getByRole('button', { name: 'Surprise me' }).click());
  expect(await demo.history()).toHaveLength(4);
  expect(demo.problems).toEqual([]);
});

test('by keyboard alone, on a phone, in dark mode', async () => {
  const demo = await Demo.open(stage, { ...PHONE, colorScheme: 'dark' });
  const { page } = demo;
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await demo.search.focus();
  await page.keyboard.type('starwars');
  await page.locator('#results button', { hasText: 'Star Wars' }).first().waitFor();
  await page.keyboard.press('Tab');
  await demo.answered(() => page.keyboard.press('Enter'));
  expect(await focused()).toMatch(/Star Wars.*added/);
  await page.keyboard.press('Escape');
  // Down to the second film recommended: the focus stays at its place in the new list.
  await demo.cards.nth(1).focus();
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
] as const)('everyone can use it: %s, %s', async (_, colorScheme, device) => {
  const demo = await Demo.open(stage, { ...device, colorScheme, reducedMotion: 'reduce' });
  expect(await findings(demo.page)).toEqual([]);
  for (const film of FILMS) await demo.add(film);
  await demo.page.locator('details.cost summary').click();
  await demo.page.getByRole('button', { name: 'Similar' }).first().click();
  expect(await findings(demo.page)).toEqual([]);
});
