/** The demo page as a visitor uses it. */
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { watchPage } from './browser.ts';
import type { Stage } from './stage.ts';

/** A first answer waits for the model, here or there. */
const PATIENCE = { timeout: 30_000 };

export class Demo {
  readonly page: Page;
  /** What went wrong so far. */
  readonly problems: string[];
  readonly search: Locator;
  readonly onDevice: Locator;

  private constructor(page: Page, problems: string[]) {
    this.page = page;
    this.problems = problems;
    this.search = page.getByRole('searchbox', { name: 'Find a film' });
    this.onDevice = page.getByRole('switch', { name: 'Run on this device' });
  }

  /** A new visitor, once the first list is there. */
  static async open({ browser, server }: Stage, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await browser.newPage(options);
    const demo = new Demo(page, watchPage(page, server.url));
    await demo.answered(() => page.goto(server.url));
    return demo;
  }

  /** Does something that leads to one more answer, waits for it, and says what it cost. */
  async answered(action: () => Promise<unknown>): Promise<{ status: string | null; titles: string[] }> {
    const before = await this.points();
    await action();
    await expect.poll(() => this.points(), PATIENCE).toBe(before + 1);
    await this.page.locator('#recommendations[aria-busy="false"]').waitFor();
    return { status: await this.page.locator('#cost-status').textContent(), titles: await this.titles() };
  }

  /** Searches and clicks the first film found that has these words. */
  async add(words: string) {
    await this.search.fill(words);
    const found = this.page.locator('#results button', { hasText: new RegExp(words, 'i') }).first();
    await found.waitFor();
    return this.answered(() => found.click());
  }

  /** Of the recommended films, best first. */
  titles(): Promise<string[]> {
    return this.page.locator('#recommendations .title').allInnerTexts();
  }

  /** Of the history, newest first. */
  history(): Promise<string[]> {
    return this.page.locator('#history .title').allInnerTexts();
  }

  /** What this browser keeps of its visitor. */
  kept(): Promise<{ user: string; log: unknown[]; own: unknown[] }> {
    return this.page.evaluate(() => JSON.parse(localStorage.getItem('visitor')!));
  }

  private points(): Promise<number> {
    return this.page.locator('#chart .point').count();
  }
}
