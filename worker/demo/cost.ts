/** What the last request cost, and those before it. */
import { drawChart, type Measured, MOST_POINTS } from './chart.ts';
import { byId, svg } from './dom.ts';
import { count, kilobytes, milliseconds, plain } from './format.ts';
import type { Side, UserList } from './side.ts';

/** Stored per tab, so that a reload keeps the chart. */
const KEY = 'measured';

let measured: Measured[] = restore();

const chart = document.getElementById('chart') as unknown as SVGSVGElement;
new ResizeObserver(() => drawChart(chart, measured)).observe(chart);
drawChart(chart, measured);

export function showCost({ cache, model }: UserList, ms: number, side: Side): void {
  const { status, reused_items: reused, prefilled_items: prefilled } = cache;
  measured = [...measured, { status, ms, reused, prefilled, side: side.name }].slice(-MOST_POINTS);
  keep();
  drawChart(chart, measured);

  const badge = byId('cost-status');
  badge.textContent = status;
  badge.className = `badge ${status}`;
  byId('cost-prefilled').textContent = plain(prefilled);
  byId('cost-reused').textContent = plain(reused);
  byId('cost-ms').textContent = milliseconds(ms);
  byId('cost-why').textContent = why(cache);
  byId('cost-state').textContent = cache.state_bytes === 0 ? 'none yet' : kilobytes(cache.state_bytes);
  byId('cost-where').textContent = side.where;
  byId('cost-model').textContent = model.id;
  byId('cost-now').hidden = false;
  drawShares(reused, prefilled);
  // Screen readers get one sentence per answer.
  byId('announcement').textContent =
    `${status}: ${count(prefilled, 'item')} prefilled, ${plain(reused)} reused, ${milliseconds(ms)}`;
}

export function forgetCosts(): void {
  measured = [];
  keep();
}

/** The history as one bar: the part that was cached and the part that was computed. */
function drawShares(reused: number, prefilled: number): void {
  const total = Math.max(1, reused + prefilled);
  // A single new item among hundreds must stay visible.
  const fresh = prefilled === 0 ? 0 : Math.max(1.5, (100 * prefilled) / total);
  const kept = reused === 0 ? 0 : 100 - fresh;
  byId('cost-bar').replaceChildren(
    svg('rect', { class: 'kept', x: 0, y: 0, width: kept, height: 8 }),
    svg('rect', { class: 'fresh', x: kept, y: 0, width: fresh, height: 8 }),
  );
}

function why({ status, state_bytes, window_moved, degraded }: UserList['cache']): string {
  if (degraded) return 'The cache could not be read, so the history was computed anew from the log.';
  if (state_bytes === 0) return 'No history yet: these are the most popular films.';
  if (window_moved) return 'The window moved on, so its state was built anew.';
  if (status === 'hit') return 'Nothing is new: the stored state was enough, no item went through the model.';
  if (status === 'extended') {
    return 'Only what is new went through the model; the stored state stands for everything before.';
  }
  return 'No state to build on: the whole history was prefilled, and its state kept for the next time.';
}

function restore(): Measured[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
  } catch {
    return [];
  }
}

function keep(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(measured));
  } catch {
    // Without storage, the chart starts empty after each load.
  }
}
