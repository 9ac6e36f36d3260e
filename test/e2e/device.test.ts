/** The switch to the visitor's own device: the same lists, and nothing about the visitor leaves it. */
import { expect, test } from 'vitest';
import { findings } from './accessibility.ts';
import { Demo } from './demo.ts';
import { setStage } from './stage.ts';

const stage = setStage();

/** Paths that the page asks the service for from now on. */
function watchRequests(demo: Demo): string[] {
  const paths: string[] = [];
  demo.page.on('request', (request) => paths.push(new URL(request.url()).pathname));
  return paths;
}

test('the same history gets the same ten films, and goes on here alone', async () => {
  const demo = await Demo.open(stage);
  for (const film of ['toy story', 'star wars', 'alien', 'godfather']) await demo.add(film);
  const { titles: fromServer } = await demo.add('casablanca');

  const requests = watchRequests(demo);
  const first = await demo.answered(() => demo.onDevice.click());
  expect(first.cost).toMatch(/^All 5 films of your history were computed: [\d.]+ ms on this device/);
  expect(first.titles).toEqual(fromServer);
  expect(await demo.page.locator('#cost-where').textContent()).toBe('this device, WASM');
  const own = await demo.add('fargo');
  expect(own.cost).toMatch(
    /^Only your newest film was computed, 5 were remembered: .* instead of .* on this device/,
  );
  expect(own.titles).not.toEqual(fromServer);
  expect((await demo.history())[0]).toBe('Fargo');
  expect(await findings(demo.page)).toEqual([]);
  await demo.page.waitForTimeout(1500); // states are written once a second at most

  const again = await demo.answered(() => demo.page.reload());
  expect(again.cost).toMatch(/^Nothing had to be computed, all 6 films were remembered/);
  expect(again.titles).toEqual(own.titles);
  expect(requests.filter((path) => path.startsWith('/v1/'))).toEqual([]);
  expect(await demo.logOnServer(stage)).toHaveLength(5);

  const back = await demo.answered(() => demo.onDevice.click());
  expect(back.cost).toMatch(/^Nothing had to be computed, all 5 films were remembered/);
  expect(back.titles).toEqual(fromServer);
  expect(await demo.history()).toHaveLength(5);
  expect(demo.problems).toEqual([]);
});

test('without a connection the page can be reloaded, and goes on', async () => {
  const demo = await Demo.open(stage);
  await demo.answered(() => demo.onDevice.click());
  await demo.add('heat');
  const controlled = () => demo.page.evaluate(() => navigator.serviceWorker.controller !== null);
  await expect.poll(controlled, { timeout: 30_000 }).toBe(true);
  await demo.answered(() => demo.page.reload());
  await demo.page.context().setOffline(true);
  await demo.answered(() => demo.page.reload());
  expect(await demo.history()).toEqual(['Heat']);
  const { titles } = await demo.add('fargo');
  expect(titles).toHaveLength(10);
  expect(await demo.history()).toEqual(['Fargo', 'Heat']);
});

test('who forgets without a connection is forgotten on the server with the next visit', async () => {
  const demo = await Demo.open(stage);
  await demo.add('heat');
  const { user } = await demo.mirror();
  await demo.answered(() => demo.onDevice.click());
  await demo.page.context().route('**/v1/**', (route) => route.abort());
  await demo.page.getByRole('button', { name: 'Forget me' }).click();
  await expect.poll(() => demo.history(), { timeout: 30_000 }).toEqual([]);
  expect(await demo.logOnServer(stage, user)).toHaveLength(1);
  await demo.page.context().unrouteAll();
  await demo.page.reload();
  await expect.poll(() => demo.logOnServer(stage, user), { timeout: 60_000 }).toEqual([]);
});

test('the model is fetched once, with its progress; then the browser has it', async () => {
  const demo = await Demo.open(stage);
  let slow = true;
  await demo.page.route('**/runtime/*', async (route) => {
    if (slow) await new Promise((resolve) => setTimeout(resolve, 1000));
    await route.continue();
  });
  const progress = demo.page.getByRole('progressbar', { name: 'Fetching the model' });
  await demo.answered(async () => {
    await demo.onDevice.click();
    await progress.waitFor();
  });
  expect(await progress.isVisible()).toBe(false);
  slow = false;
  await demo.page.unrouteAll();
  const asked = () => stage.server.output().match(/GET \/(model\/weights|runtime\/)\S*/g) ?? [];
  const before = asked().length;
  expect(before).toBeGreaterThan(0);
  await demo.answered(() => demo.page.reload());
  expect(asked()).toHaveLength(before);
  expect(demo.problems).toEqual([]);
});

test('what is clicked while the model is on its way stays here, also for who switches back', async () => {
  const demo = await Demo.open(stage);
  await demo.page.context().route('**/runtime/*', () => {}); // never arrives
  const heat = await demo.found('heat');
  await demo.onDevice.press('Enter'); // what was found lies over it
  await demo.search.focus();
  await heat.click();
  await demo.page.keyboard.press('Escape');
  await demo.page.getByText('only on this device', { exact: true }).waitFor();
  await demo.answered(() => demo.onDevice.click());
  expect(await demo.history()).toEqual([]);
  await demo.page.getByText('1 film added on this device only').waitFor();
  expect(await demo.logOnServer(stage)).toEqual([]);
  expect(demo.problems).toEqual([]);
});

test('a visitor who is forgotten leaves nothing on the device', async () => {
  const demo = await Demo.open(stage);
  await demo.answered(() => demo.onDevice.click());
  await demo.add('heat');
  await demo.page.waitForTimeout(1500);
  await demo.page.getByRole('button', { name: 'Forget me' }).click();
  await expect.poll(() => demo.history(), { timeout: 30_000 }).toEqual([]);
  await demo.cards.first().waitFor();
  const states = await demo.page.evaluate(
    () =>
      new Promise((resolve) => {
        const open = indexedDB.open('earn-edge');
        open.onsuccess = () => {
          const count = open.result.transaction('states').objectStore('states').count();
          count.onsuccess = () => resolve(count.result);
        };
      }),
  );
  expect(states).toBe(0);
  expect(demo.problems).toEqual([]);
});

test('a model that does not arrive whole is refused, and a second try gets it', async () => {
  const demo = await Demo.open(stage);
  await demo.page.context().route('**/model/weights-*', async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[1000] ^= 1;
    await route.fulfill({ response, body });
  });
  await demo.onDevice.click();
  const problem = demo.page.getByRole('alert');
  await expect.poll(() => problem.textContent(), { timeout: 30_000 }).toContain('weights-0.bin');
  await demo.page.context().unrouteAll();
  await problem.waitFor({ state: 'detached', timeout: 120_000 }); // by itself, or by the button
  expect(await demo.titles()).toHaveLength(10);
  expect(await demo.page.locator('#cost-where').textContent()).toContain('this device');
});
