/**
 * What a reader of the documents meets: the reference in a browser, and every command pasted into a shell.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findings } from './accessibility.ts';
import { DESKTOP, PHONE, watchPage } from './browser.ts';
import { type Command, commandsOf } from './commands.ts';
import { setStage } from './stage.ts';

const DOCUMENTS = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)];

const stage = setStage();

/** Runs the command against this server, and compares the status of its answer. */
async function expectAnswer({ place, text, status }: Command): Promise<void> {
  const command = `${text.replace(/http:\/\/127\.0\.0\.1:\d+/, stage.server.url)} -w '\n%{http_code}'`;
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { maxBuffer: 2 ** 26 });
  const answered = Number(stdout.split('\n').at(-1));
  const expected = status ?? (answered >= 200 && answered < 300 ? answered : '2xx');
  expect(answered, `${place}: ${text}\n${stdout.slice(0, 1000)}`).toBe(expected);
}

test.each([
  ['desktop', 'light', DESKTOP],
  ['desktop', 'dark', DESKTOP],
  ['phone', 'light', PHONE],
  ['phone', 'dark', PHONE],
] as const)('the reference is for everyone: %s, %s', async (_name, colorScheme, device) => {
  const page = await stage.browser.newPage({ ...device, colorScheme });
  const problems = watchPage(page, stage.server.url);
  await page.goto(stage.server.url);
  await page.getByRole('contentinfo').getByRole('link', { name: 'API' }).click();
  await page.getByRole('heading', { level: 1, name: 'API reference' }).waitFor();
  expect(await findings(page)).toEqual([]);
  for (const summary of await page.locator('summary').all()) await summary.click();
  expect(await findings(page)).toEqual([]);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(fits).toBe(true);
  const link = page.getByRole('navigation').getByRole('link', { name: 'Forget a user' });
  await link.click();
  expect(new URL(page.url()).hash).toBe('#forgetUser');
  expect(problems).toEqual([]);
  await page.close();
});

test('an example can be changed and sent from the page, and the page is short enough to find things', async () => {
  const page = await stage.browser.newPage(DESKTOP);
  const problems = watchPage(page, stage.server.url);
  await page.goto(`${stage.server.url}/docs`);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const operations = await page.locator('article').count();
  expect(height / operations).toBeLessThan(450); // with all fields and answers unfolded it was over 900
  const article = page.getByRole('article', { name: 'Recommend items after a history' });
  await article.getByText('Try it').click();
  await article.getByRole('textbox', { name: 'Body' }).fill('{"history": ["1", "260"], "k": 3}');
  await article.getByRole('button', { name: 'Send' }).click();
  await expect
    .poll(() => article.locator('output').textContent(), { timeout: 30_000 })
    .toMatch(/^200 OK, \d+ ms$/);
  const answer = JSON.parse((await article.getByLabel('Answer', { exact: true }).textContent())!);
  expect(answer.items).toHaveLength(3);
  await article.getByRole('textbox', { name: 'Body' }).fill('{"history": 1}');
  await article.getByRole('button', { name: 'Send' }).click();
  await expect.poll(() => article.locator('output').textContent()).toMatch(/^422/);
  expect(await findings(page)).toEqual([]);
  expect(problems.filter((problem) => !/422/.test(problem))).toEqual([]);
});

test('every command of the reference answers', async () => {
  const page = await stage.browser.newPage();
  await page.goto(`${stage.server.url}/docs`);
  const commands = await page.locator('pre.curl').allInnerTexts();
  expect(commands).toHaveLength(await page.locator('article').count());
  for (const text of commands) {
    // The service of these tests has no outbox, and nobody knows its positions.
    const status = /\/v1\/export|\/interactions\/2-/.test(text) ? 404 : undefined;
    await expectAnswer({ place: '/docs', text, status });
  }
});

test('every curl of the documents answers as they say', async () => {
  const commands = DOCUMENTS.filter((path) => path.endsWith('.md')).flatMap(commandsOf);
  expect(commands.some(({ place }) => place.startsWith('README.md'))).toBe(true);
  expect(commands.filter(({ status }) => status !== undefined).length).toBeGreaterThan(0);
  for (const command of commands) await expectAnswer(command);
});
