/** `npm run pictures`: the pictures of the pages in docs/, of the service as it is. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { defineCommand, runCommand } from '../command.ts';
import { type Server, startServer } from '../local-service.ts';

const DESKTOP = { width: 1240, height: 940 };
const PHONE = { width: 390, height: 844 };

interface Picture {
  name: string;
  size: { width: number; height: number };
  dark?: boolean;
  /** Of a shop's model instead of the embedded one. */
  shop?: boolean;
  prepare(page: Page, url: string): Promise<void>;
}

async function list(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('#recommendations .film').first().waitFor();
}

/** Does what makes another list, and waits for it: the chart has a point per list. */
async function listed(page: Page, action: () => Promise<void>): Promise<void> {
  const points = page.locator('#chart .point');
  const before = await points.count();
  await action();
  await points.nth(before).waitFor({ state: 'attached' });
}

async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(500);
  await page.locator('#recommendations[aria-busy="false"]').waitFor();
  await page.locator('.toast').waitFor({ state: 'hidden' });
}

/** A taste, and two of the films that it brought. */
async function visit(page: Page, url: string, taste: string): Promise<void> {
  await list(page, url);
  await listed(page, () => page.getByRole('button', { name: taste }).click());
  for (let click = 0; click < 2; click++) {
    await listed(page, () => page.locator('#recommendations .card > .film').nth(click).click());
  }
  await settled(page);
}

/** Visitors who come back, for the counters. */
async function traffic(url: string): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await fetch(`${url}/v1/users/visitor-${i % 7}/recommendations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ items: [{ id: String(1 + i) }] }),
    });
    await fetch(`${url}/v1/users/visitor-${i % 5}/recommendations`);
  }
}

const PICTURES: Picture[] = [
  {
    name: 'page-desktop',
    size: DESKTOP,
    prepare: (page, url) => visit(page, url, 'Space opera'),
  },
  {
    name: 'page-dark',
    size: DESKTOP,
    dark: true,
    async prepare(page, url) {
      await visit(page, url, 'Horror night');
      await page.locator('details.cost summary').click();
    },
  },
  {
    name: 'page-phone',
    size: PHONE,
    prepare: (page, url) => visit(page, url, 'For children'),
  },
  {
    name: 'playground',
    size: { width: 1240, height: 1010 },
    async prepare(page, url) {
      await visit(page, url, 'Film noir');
      await page.goto(`${url}/playground`);
      await page.locator('.attention').waitFor();
      await page.getByRole('slider', { name: 'History' }).fill('100');
      await page.getByRole('button', { name: /^Compare/ }).click();
      await page.locator('.bars .full').first().waitFor();
      await page.waitForTimeout(4000);
    },
  },
  {
    name: 'dashboard',
    size: { width: 1240, height: 960 },
    async prepare(page, url) {
      await page.goto(`${url}/dashboard`);
      for (let reading = 0; reading < 5; reading++) {
        await traffic(url);
        await page.waitForTimeout(5000);
      }
    },
  },
  {
    name: 'shop',
    size: DESKTOP,
    shop: true,
    prepare: (page, url) => visit(page, url, 'Bread and honey'),
  },
];

async function take(browser: Browser, server: Server, picture: Picture): Promise<string> {
  const { name, size, dark, prepare } = picture;
  const options: BrowserContextOptions = { viewport: size, reducedMotion: 'reduce' };
  const context = await browser.newContext({ ...options, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await prepare(page, server.url);
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    window.scrollTo(0, 0);
  });
  const path = `docs/${name}.png`;
  await page.screenshot({ path });
  await context.close();
  return path;
}

const command = defineCommand({
  usage: `npm run pictures [-- options] [-- NAME…]

Takes the pictures of the pages in docs/ anew, or only those named. It needs Chromium. Look at each of them
before it is committed.`,
  options: {
    shop: {
      type: 'folder',
      holds: 'manifest.json',
      description: 'a model of the made-up shop (npm run data -- example); without it, no picture of a shop',
    },
  },
  positionals: { name: 'NAME', min: 0, max: PICTURES.length },
  async main({ shop }, { positionals, print }) {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    const wanted = PICTURES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    try {
      for (const model of [undefined, shop]) {
        const pictures = wanted.filter((picture) => (picture.shop ?? false) === (model !== undefined));
        if (pictures.length === 0) continue;
        const server = await startServer({ model });
        for (const picture of pictures) print(await take(browser, server, picture));
        await server.stop();
        if (shop === undefined) break;
      }
    } finally {
      await browser.close();
    }
  },
});

if (import.meta.main) await runCommand(command);
