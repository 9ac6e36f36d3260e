/** The demo page as a visitor uses it. */
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { watchPage } from './browser.ts';
import type { Stage } from './stage.ts';

/** A first answer waits for the model, here or there. */
const PATIENCE = { timeout: 60_000 };

interface Kept {
  user: string;
  sent: { id: string }[];
  erase: string[];
}

export class Demo {
  readonly page: Page;
  /** What went wrong so far. */
  readonly problems: string[];
  readonly search: Locator;
  readonly onDevice: Locator;
  readonly cards: Locator;

  constructor(page: Page, problems: string[] = []) {
    this.page = page;
    this.problems = problems;
    this.search = page.getByRole('searchbox');
    this.onDevice = page.getByRole('switch', { name: 'Run on this device' });
    this.cards = page.locator('#recommendations .card > .film');
  }

  /** A new visitor, once the first list is there. */
  static async open({ browser, server }: Stage, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await (await browser.newContext(options)).newPage();
    const demo = new Demo(page, watchPage(page, server.url));
    await demo.answered(() => page.goto(server.url));
    return demo;
  }

  /** Does something that leads to one more list, waits for it, and says what it cost. */
  async answered(action: () => Promise<unknown>): Promise<{ cost: string; titles: string[] }> {
    const before = await this.points();
    await action();
    await expect.poll(() => this.points(), PATIENCE).toBeGreaterThan(before);
    await this.settled();
    return { cost: (await this.page.locator('#cost-line').textContent()) ?? '', titles: await this.titles() };
  }

  /** Nothing is on its way. */
  async settled(): Promise<void> {
    await this.page.locator('#recommendations[aria-busy="false"]').waitFor(PATIENCE);
  }

  /** Searches and returns the first film found that has these words. */
  async found(words: string): Promise<Locator> {
    await this.search.fill(words);
    const found = this.page.locator('#results button', { hasText: new RegExp(words, 'i') }).first();
    await found.waitFor(PATIENCE);
    return found;
  }

  async add(words: string) {
    const found = await this.found(words);
    const answer = await this.answered(() => found.click());
    await this.page.keyboard.press('Escape'); // what is found lies over the page
    return answer;
  }

  /** Of the recommended films, best first. */
  titles(): Promise<string[]> {
    return this.page.locator('#recommendations .card > .film .title').allInnerTexts();
  }

  /** Of the history, newest first. */
  history(): Promise<string[]> {
    return this.page.locator('#history .title').allInnerTexts();
  }

  /** What this browser knows of the server's log. */
  mirror(): Promise<Kept> {
    return this.page.evaluate(
      () =>
        new Promise<Kept>((resolve) => {
          const open = indexedDB.open('earn-edge');
          open.onsuccess = () => {
            const get = open.result.transaction('mirror').objectStore('mirror').get('server');
            get.onsuccess = () => {
              open.result.close();
              resolve(get.result);
            };
          };
        }),
    );
  }

  /** Titles of the server's log, newest first. */
  async logOnServer({ server }: Stage, user?: string): Promise<string[]> {
    const id = user ?? (await this.mirror()).user;
    const { items } = await json(`${server.url}/v1/users/${id}/interactions?limit=1000`);
    const titles = items.map(
      async ({ id }: { id: string }) => (await json(`${server.url}/v1/items/${id}`)).title,
    );
    return Promise.all(titles);
  }

  /** How many lists the page has shown; its chart may be folded. */
  private points(): Promise<number> {
    return this.page.locator('#chart .point').count();
  }
}

async function json(url: string) {
  return (await fetch(url)).json();
}
