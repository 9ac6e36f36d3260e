/** A visitor faster than the network, and a network that comes and goes: nothing twice, nothing lost. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { nameOf } from '../../worker/demo/title.ts';
import { Demo } from './demo.ts';
import { setStage } from './stage.ts';

const stage = setStage();
const PATIENCE = { timeout: 60_000 };

/** The server's log and the page say the same, and these are it, newest first. */
async function expectBoth(demo: Demo, names: string[]): Promise<void> {
  await expect.poll(() => demo.history(), PATIENCE).toEqual(names);
  await expect.poll(async () => (await demo.logOnServer(stage)).map(nameOf), PATIENCE).toEqual(names);
}

async function cut(page: Page): Promise<void> {
  await page.context().route('**/v1/**', (route) => route.abort());
}

test('a double click, and a click on each film as fast as they come, count once each', async () => {
  const demo = await Demo.open(stage);
  await (await demo.found('fargo')).dblclick();
  await expectBoth(demo, ['Fargo']);
  const names = await demo.titles();
  // Three clicks within one task, before any answer: on three films of the same list, twice each.
  await demo.page.evaluate(() => {
    const films = [...document.querySelectorAll<HTMLElement>('#recommendations .card > .film')].slice(0, 3);
    for (const film of films) film.click();
    for (const film of films) film.click();
  });
  await expectBoth(demo, [...names.slice(0, 3).reverse(), 'Fargo']);
  expect(demo.problems).toEqual([]);
});

test('two tabs that click at once agree', async () => {
  const demo = await Demo.open(stage);
  const other = new Demo(await demo.page.context().newPage());
  await other.page.goto(stage.server.url);
  await other.cards.first().waitFor();
  const names = await demo.titles();
  // Each tab in one task, so that neither has heard of the other.
  const click = ({ page }: Demo, clicks: [card: number, button: number][]) =>
    page.evaluate((clicks) => {
      const cards = [...document.querySelectorAll('#recommendations .card')];
      for (const [card, button] of clicks) cards[card].querySelectorAll('button')[button].click();
    }, clicks);
  const [FILM, NOT_FOR_ME] = [0, 2];
  await Promise.all([
    click(demo, [
      [0, FILM],
      [1, NOT_FOR_ME],
    ]),
    click(other, [
      [0, FILM], // the same film
      [2, FILM],
    ]),
  ]);
  for (const each of [demo, other]) {
    await expect
      .poll(async () => (await each.history()).sort(), PATIENCE)
      .toEqual([names[0], names[2]].sort());
  }
  const history = await demo.history();
  await expectBoth(demo, history);
  await expectBoth(other, history);
  await expect.poll(() => other.titles(), PATIENCE).not.toContain(names[1]);
});

test('on a slow network clicks are kept, and sent in their order', async () => {
  const demo = await Demo.open(stage);
  await demo.page.route('**/v1/users/**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  const names = await demo.titles();
  for (const index of [0, 1, 2]) {
    await demo.page.locator(`#recommendations .card:nth-child(${index + 1}) > .film`).click();
  }
  expect(await demo.history()).toEqual(names.slice(0, 3).reverse());
  await expectBoth(demo, names.slice(0, 3).reverse());
});

test('a click that got no answer is sent again as it was, and counts once', async () => {
  const demo = await Demo.open(stage);
  const sent: string[] = [];
  await demo.page.route('**/recommendations', async (route) => {
    sent.push(`${route.request().headers()['idempotency-key']} ${route.request().postData()}`);
    if (sent.length > 1) return route.continue();
    await route.fetch(); // the server has it, the browser never hears of it
    await route.abort();
  });
  await (await demo.found('fargo')).click();
  await demo.page.getByRole('alert').waitFor();
  await expectBoth(demo, ['Fargo']);
  await expect.poll(() => sent.length, PATIENCE).toBe(2);
  expect(sent[1]).toBe(sent[0]);
  await demo.page.getByRole('alert').waitFor({ state: 'detached' });
});

test('an outage: what is done meanwhile is there at once, survives a reload, and is sent afterwards', async () => {
  const demo = await Demo.open(stage);
  await demo.add('fargo');
  const names = await demo.titles();
  await cut(demo.page);
  await demo.cards.nth(0).click();
  await demo.cards.nth(1).click();
  expect(await demo.history()).toEqual([names[1], names[0], 'Fargo']);
  const alert = demo.page.getByRole('alert');
  await expect.poll(() => alert.textContent(), PATIENCE).toContain('What you do is kept here');
  await demo.page.reload();
  await expect.poll(() => demo.history(), PATIENCE).toEqual([names[1], names[0], 'Fargo']);
  await demo.page.getByRole('button', { name: 'Remove Fargo' }).click();
  await demo.page.context().unrouteAll();
  await expectBoth(demo, [names[1], names[0]]); // by itself
  await alert.waitFor({ state: 'detached' });
});

test('“Forget me” during an outage happens afterwards; clicks from before are gone, those after it stay', async () => {
  const demo = await Demo.open(stage);
  await demo.add('heat');
  const { user } = await demo.mirror();
  await cut(demo.page);
  await demo.cards.nth(0).click();
  await demo.page.getByRole('alert').waitFor();
  await demo.page.getByRole('button', { name: 'Forget me' }).click();
  await expect.poll(() => demo.history()).toEqual([]);
  await demo.page.getByRole('alert').waitFor();
  await demo.page.reload();
  await demo.page.context().unrouteAll();
  await demo.cards.first().waitFor(PATIENCE);
  const [name] = await demo.titles();
  await demo.cards.nth(0).click();
  await expectBoth(demo, [name]);
  await expect.poll(() => demo.logOnServer(stage, user), PATIENCE).toEqual([]);
  await expect.poll(async () => (await demo.mirror()).erase, PATIENCE).toEqual([]);
  expect((await demo.mirror()).user).not.toBe(user);
});

test('a reload in the middle of a click loses nothing', async () => {
  const demo = await Demo.open(stage);
  const names = await demo.titles();
  // In the same task: the page goes before any answer could come.
  await demo.page.evaluate(() => {
    for (const film of [...document.querySelectorAll<HTMLElement>('#recommendations .card > .film')].slice(
      0,
      2,
    )) {
      film.click();
    }
    location.reload();
  });
  await demo.cards.first().waitFor(PATIENCE);
  await expectBoth(demo, names.slice(0, 2).reverse());
});

test('who asks to be forgotten is, here and on the server', async () => {
  const demo = await Demo.open(stage);
  const before = await demo.titles();
  await demo.add('heat');
  const { user } = await demo.mirror();
  await demo.page.getByRole('button', { name: 'Forget me' }).click();
  await expect.poll(() => demo.titles(), PATIENCE).toEqual(before);
  expect(await demo.history()).toEqual([]);
  await expect.poll(() => demo.logOnServer(stage, user), PATIENCE).toEqual([]);
  expect(demo.problems).toEqual([]);
});
