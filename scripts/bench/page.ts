/** `npm run bench:page`: a first visit to the demo page over a slow line. */
import { chromium, type Page } from 'playwright-core';
import { defineCommand, runCommand } from '../command.ts';
import { startServer } from '../local-service.ts';
import { median, round } from './statistics.ts';

/** Longest time from the first paint to the first list, ms. */
const LIST_BUDGET_MS = 1000;
/** Most that comes over the line until then, compressed, in kB. */
const SIZE_BUDGET_KB = 130;

/** Notes when the first film is in the document. */
function watch(): void {
  const seen = new MutationObserver(() => {
    if (!document.querySelector('#recommendations .film')) return;
    performance.mark('first list');
    seen.disconnect();
  });
  seen.observe(document, { childList: true, subtree: true });
}

interface Visit {
  paint_ms: number;
  list_ms: number;
  /** Over the line, compressed, until the first list. */
  kb: number;
}

async function visit(page: Page, url: string, kbits: number, latency: number): Promise<Visit> {
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const throughput = (kbits * 1000) / 8;
  const line = { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput };
  await client.send('Network.emulateNetworkConditions', line);
  let bytes = 0;
  client.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await page.addInitScript(watch);
  await page.goto(url);
  await page.locator('#recommendations .film').first().waitFor();
  const [paint, list] = await page.evaluate(() =>
    ['first-contentful-paint', 'first list'].map((name) => performance.getEntriesByName(name)[0].startTime),
  );
  return { paint_ms: round(paint, 0), list_ms: round(list, 0), kb: round(bytes / 1000, 1) };
}

const command = defineCommand({
  usage: `npm run bench:page [-- options]

Visits the demo page as a newcomer, over a line of so many kbit/s: times of the first paint and of the first
list, and the bytes until then. Exits 1 when the list comes more than ${LIST_BUDGET_MS} ms after the paint, or after
more than ${SIZE_BUDGET_KB} kB. It needs Chromium. The last line printed is a JSON object.`,
  options: {
    kbits: { type: 'integer', min: 50, default: 400, description: 'of the line, per second' },
    latency: { type: 'integer', min: 0, default: 50, description: 'of every request, in ms' },
    visits: { type: 'integer', min: 1, default: 5, description: 'the median is reported' },
  },
  async main({ kbits, latency, visits }, { command, print }) {
    const server = await startServer();
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const all: Visit[] = [];
      for (let i = 0; i < visits; i++) {
        const context = await browser.newContext();
        all.push(await visit(await context.newPage(), server.url, kbits, latency));
        await context.close();
      }
      console.error(all);
      const of = (name: keyof Visit) => median(all.map((one) => one[name]));
      const after_paint_ms = median(all.map(({ paint_ms, list_ms }) => list_ms - paint_ms));
      const result = { kbits, latency, visits, paint_ms: of('paint_ms'), after_paint_ms, kb: of('kb') };
      print(JSON.stringify({ command, ...result }));
      if (after_paint_ms > LIST_BUDGET_MS || result.kb > SIZE_BUDGET_KB) process.exitCode = 1;
    } finally {
      await browser.close();
      await server.stop();
    }
  },
});

if (import.meta.main) await runCommand(command);
