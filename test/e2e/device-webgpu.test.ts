/** On the visitor's GPU: the server's lists, and WASM wherever the GPU is of no use. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { SOFTWARE_GPU } from './browser.ts';
import { Demo } from './demo.ts';
import { setStage } from './stage.ts';

const stage = setStage(SOFTWARE_GPU);

const where = (page: Page) => page.locator('#cost-where').textContent();

test("the list is the server's, here and after what is added; a reload finds the state", async () => {
  const demo = await Demo.open(stage);
  for (const film of ['toy story', 'star wars', 'alien', 'godfather']) await demo.add(film);
  const { titles: fromServer } = await demo.add('casablanca');

  const first = await demo.answered(() => demo.onDevice.click());
  expect(await where(demo.page)).toBe('this device, WebGPU');
  expect(first.cost).toMatch(/^All 5 films .* were computed/);
  const shared = first.titles.filter((title) => fromServer.includes(title));
  console.log(`overlap@10 of WebGPU with the server: ${shared.length / 10}`);
  expect(shared.length).toBeGreaterThanOrEqual(9);

  const own = await demo.add('fargo');
  expect(own.cost).toMatch(/^Only your newest film was computed/);
  await demo.page.waitForTimeout(1500); // states are written once a second at most
  const again = await demo.answered(() => demo.page.reload());
  expect(again.cost).toMatch(/^Nothing had to be computed, all 6 films/);
  expect(again.titles).toEqual(own.titles);
  expect(await where(demo.page)).toBe('this device, WebGPU');
  expect(demo.problems).toEqual([]);
});

test('graphs that the GPU refuses: WASM takes over', async () => {
  const demo = await Demo.open(stage);
  await demo.page.context().route('**/model/prefill.webgpu.onnx*', (route) => route.abort());
  const { titles } = await demo.answered(() => demo.onDevice.click());
  expect(titles).toHaveLength(10);
  expect(await where(demo.page)).toBe('this device, WASM');
});

test('a GPU that is lost in the middle: WASM takes over, and nothing is lost', async () => {
  const demo = await Demo.open(stage);
  await demo.answered(() => demo.onDevice.click());
  expect(await where(demo.page)).toBe('this device, WebGPU');
  await demo.page.workers()[0].evaluate(() => {
    GPUQueue.prototype.submit = () => {
      throw new Error('lost');
    };
  });
  const { titles } = await demo.add('heat');
  expect(titles).toHaveLength(10);
  expect(await where(demo.page)).toBe('this device, WASM');
  expect(await demo.history()).toEqual(['Heat']);
});
