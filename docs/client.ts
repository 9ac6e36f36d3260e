/** Asks the service from TypeScript, with the types of its own routes. */
import { hc } from 'hono/client';
import type { AppType } from '../worker/http/app.ts';

export async function recommendAfter(url: string, history: string[]) {
  const client = hc<AppType>(url);
  const response = await client.v1.recommendations.$post({ json: { history, k: 3 } });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()).items; // { id, title, score, rank }[]
}
