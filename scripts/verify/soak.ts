/** The service under a mixed load for a long time: no request may fail, and memory may not grow. */
import { type Ask, type Memory, memoryAfter, mixOf, WATCHED } from '../bench/isolate-memory.ts';
import { itemIdsOf, readManifestOf } from '../bench/models.ts';
import { percentile, round } from '../bench/statistics.ts';
import { freePort, type Server, startServer } from '../local-service.ts';

/** As many as a process can serve. */
const CLIENTS = 2;
const EVERY_MS = 10_000;

export interface SoakResult {
  soak_minutes: number;
  soak_requests: number;
  soak_errors: number;
  soak_p50_ms: number;
  soak_p99_ms: number;
  /** Between the second fifth of the time and the last one, each by its smallest sample. */
  soak_growth_mb: number;
}

/** `print` takes each failure, and what memory is now and then. */
export async function verifySoak(
  model: string,
  minutes: number,
  print: (line: string) => void,
): Promise<SoakResult> {
  const next = mixOf(itemIdsOf(model), readManifestOf(model).config.contextWindow);
  const inspector = await freePort();
  const server = await startServer({ model, wrangler: ['--inspector-port', `${inspector}`, WATCHED] });
  try {
    const end = performance.now() + 60_000 * minutes;
    const samples: Memory[] = [];
    const ms: number[] = [];
    let [asked, errors, sampled] = [0, 0, 0];
    const client = async () => {
      while (performance.now() < end) {
        const began = performance.now();
        const problem = await problemOf(server, next(asked++));
        ms.push(performance.now() - began);
        if (problem) {
          errors++;
          print(problem);
        }
        if (performance.now() - sampled < EVERY_MS) continue;
        sampled = performance.now();
        const sample = await memoryAfter(asked, server.url, inspector).catch((error) => print(`${error}`));
        if (sample) samples.push(sample);
        if (sample && samples.length % 6 === 0) print(JSON.stringify(sample));
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    const fifth = samples.length / 5;
    const smallest = (of: Memory[]) => Math.min(...of.map(({ mb }) => mb));
    return {
      soak_minutes: minutes,
      soak_requests: asked,
      soak_errors: errors,
      soak_p50_ms: round(percentile(ms, 0.5), 1),
      soak_p99_ms: round(percentile(ms, 0.99), 1),
      soak_growth_mb: round(
        smallest(samples.slice(-Math.ceil(fifth))) -
          smallest(samples.slice(Math.floor(fifth), Math.ceil(2 * fifth))),
        1,
      ),
    };
  } finally {
    await server.stop();
  }
}

/** What is wrong with the answer; undefined when nothing is. */
async function problemOf({ url }: Server, { path, body }: Ask): Promise<string | undefined> {
  const headers = { 'Content-Type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  try {
    const response = await fetch(url + path, init);
    const text = await response.text();
    return response.ok ? undefined : `${path}: ${response.status} ${text}`;
  } catch (error) {
    return `${path}: ${String(error)}`;
  }
}
