/** An operator: without a key the dashboard shows nothing; with one, what the service does. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKey } from '../../scripts/keys/make.ts';
import { type Server, startServer } from '../../scripts/local-service.ts';
import type { Scope } from '../../worker/access/principal.ts';
import { findings } from './accessibility.ts';
import { DESKTOP, PHONE, startBrowser, watchPage } from './browser.ts';

const keyWith = (scopes: Scope[]) =>
  makeKey({ name: 'operator', tenant: 'default', scopes, users: undefined, days: undefined });

let server: Server;
let browser: Browser;
let operator: string;
let reader: string;

beforeAll(async () => {
  const [all, some] = [await keyWith(['read', 'write', 'delete', 'admin']), await keyWith(['read'])];
  [operator, reader] = [all.secret, some.secret];
  const keys = JSON.stringify([all.record, some.record]);
  server = await startServer({ wrangler: ['--var', 'ACCESS:demo', '--var', `API_KEYS:${keys}`] });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** A list for a user whose log has one more event. */
async function visit(item: string): Promise<void> {
  const response = await fetch(`${server.url}/v1/users/ada/recommendations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${operator}` },
    body: JSON.stringify({ items: [{ id: item }] }),
  });
  expect(response.status).toBe(200);
}

/** Something about the catalogue that the operator says. */
async function change(method: string, path: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${operator}` };
  const response = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

async function open(page: Page, key: string): Promise<void> {
  await page.getByLabel('A key with the scope admin').fill(key);
  await page.getByRole('button', { name: 'Open' }).click();
}

test('requests, times and what was remembered; an item and a user looked up', async () => {
  const page = await (await browser.newContext(DESKTOP)).newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${server.url}/dashboard`);
  await page.getByLabel('A key with the scope admin').waitFor();
  expect(await page.getByText('Requests by route').count()).toBe(0);
  expect(await findings(page)).toEqual([]);
  const refused = page.waitForResponse((response) => response.status() === 403);
  await open(page, reader);
  expect((await refused).url()).toBe(`${server.url}/metrics`);
  expect(await page.getByText('Requests by route').count()).toBe(0);

  await visit('1');
  await visit('260');
  await open(page, operator);
  await page.getByRole('heading', { name: 'Requests by route' }).waitFor();
  const row = page.getByRole('row', { name: /POST \/v1\/users\/:user_id\/recommendations 200/ });
  expect(await row.textContent()).toMatch(/2$/);
  await visit('1196');
  await expect.poll(() => row.textContent(), { timeout: 30_000 }).toMatch(/3$/);
  await page.getByText(/^Now: answers \d/).waitFor({ state: 'attached' });
  expect(await page.locator('.plots canvas').count()).toBe(3);

  await page.getByRole('heading', { name: 'Hit rates' }).waitFor();
  // What was taken after the first two lists says of each whether it was a hit.
  await page.getByRole('row', { name: /^latent \w{8} \d+ \d+\.\d %/ }).waitFor({ timeout: 60_000 });
  await change('PATCH', '/v1/items/260', { properties: { price: 9.9 } });
  await change('PATCH', '/v1/items/260', { properties: { price: 12 }, available: false });
  await change('PUT', '/v1/rules/christmas', { action: 'boost', filter: { categories: 'Drama' } });
  await page.reload();
  await page.getByRole('heading', { name: 'Catalogue' }).waitFor();
  const latest = page.getByRole('list', { name: 'Latest changes' }).getByRole('listitem');
  await expect.poll(() => latest.count(), { timeout: 30_000 }).toBe(3);
  const told = await latest.allInnerTexts();
  expect(told[0]).toMatch(/Rule christmas.*action: boost/s);
  expect(told[1]).toMatch(/Star Wars: Episode IV - A New Hope \(260\).*price: 9.9 12.*available: false/s);
  expect(told[2]).toMatch(/price: 9.9/);
  await page.getByText(/As it was trained|Changed \d+ times/).waitFor();
  const listed = page.getByRole('region', { name: /Trending|Most popular/ }).getByRole('listitem');
  await expect.poll(() => listed.count()).toBe(10);

  await page.getByLabel('Title or id').fill('starwars');
  await page.getByRole('button', { name: 'Look up' }).first().click();
  await page.getByText('interactions in training').waitFor();
  await page.getByLabel('User id').fill('ada');
  await page.getByRole('button', { name: 'Look up' }).nth(1).click();
  await page.getByText('3 interactions').waitFor();
  expect(await page.getByText('Toy Story (1995)').count()).toBeGreaterThan(0);
  expect(await findings(page)).toEqual([]);
  expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([]);

  await page.getByRole('button', { name: 'Forget the key' }).click();
  await page.getByLabel('A key with the scope admin').waitFor();
  expect(await page.getByText('Requests by route').count()).toBe(0);
});

test('it fits a phone, in dark mode', async () => {
  const page = await (await browser.newContext({ ...PHONE, colorScheme: 'dark' })).newPage();
  await page.goto(`${server.url}/dashboard`);
  await open(page, operator);
  await page.getByRole('heading', { name: 'Requests by route' }).waitFor();
  expect(await findings(page)).toEqual([]);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(fits).toBe(true);
});

test('without a key it is a page like any other: no request elsewhere, no error', async () => {
  const page = await (await browser.newContext()).newPage();
  const problems = watchPage(page, server.url);
  await page.goto(`${server.url}/dashboard`);
  await page.getByLabel('A key with the scope admin').waitFor();
  // What the browser says of the refusal itself.
  expect(problems.filter((problem) => !/40[13]/.test(problem))).toEqual([]);
});
