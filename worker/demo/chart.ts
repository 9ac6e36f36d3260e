/** The last requests as points on a logarithmic time axis. Shape and colour show the cache status. */
import { svg } from './dom.ts';
import { count, milliseconds } from './format.ts';
import type { UserList } from './side.ts';

export type Status = UserList['cache']['status'];

export interface Measured {
  status: Status;
  ms: number;
  reused: number;
  prefilled: number;
  side: 'server' | 'device';
}

/** As many as fit a phone. */
export const MOST_POINTS = 20;

const HEIGHT = 168;
const MARGIN = { top: 10, right: 8, bottom: 22, left: 40 };
const STATUSES: Status[] = ['miss', 'extended', 'hit'];

/** Draws at the chart's current width, so that its text keeps its size. */
export function drawChart(chart: SVGSVGElement, measured: readonly Measured[]): void {
  const width = chart.clientWidth || 320;
  const times = measured.map(({ ms }) => ms);
  const low = Math.floor(Math.log10(Math.max(0.1, Math.min(10, ...times))));
  const high = Math.max(low + 2, Math.ceil(Math.log10(Math.max(100, ...times))));
  const floor = HEIGHT - MARGIN.bottom;
  const x = (index: number) =>
    MARGIN.left + ((index + 0.5) / MOST_POINTS) * (width - MARGIN.left - MARGIN.right);
  const y = (ms: number) => {
    const share = (Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low);
    return floor - share * (floor - MARGIN.top);
  };

  const lines: SVGElement[] = [];
  for (let exponent = low; exponent <= high; exponent++) {
    const at = y(10 ** exponent);
    lines.push(svg('line', { class: 'grid', x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at }));
    lines.push(svg('text', { class: 'tick', x: MARGIN.left - 8, y: at + 3.5 }, String(10 ** exponent)));
  }
  const points = measured.map((each, index) =>
    svg(
      'g',
      { class: `point ${each.status}` },
      svg('title', {}, describe(each)),
      svg('line', { class: 'stem', x1: x(index), x2: x(index), y1: floor, y2: y(each.ms) }),
      mark(each.status, x(index), y(each.ms)),
      each.side === 'device' && svg('text', { class: 'device-mark', x: x(index), y: HEIGHT - 6 }, 'D'),
    ),
  );
  chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  chart.setAttribute('height', String(HEIGHT));
  chart.setAttribute('aria-label', summary(measured));
  chart.replaceChildren(...lines, ...points);
}

/** A text alternative for the chart. */
function summary(measured: readonly Measured[]): string {
  if (measured.length === 0) return 'No requests yet';
  const parts = STATUSES.flatMap((status) => {
    const times = measured.filter((each) => each.status === status).map(({ ms }) => ms);
    return times.length > 0 ? [`${times.length} ${status}, median ${milliseconds(median(times))}`] : [];
  });
  return `The last ${count(measured.length, 'request')}: ${parts.join('; ')}`;
}

function describe({ status, ms, reused, prefilled, side }: Measured): string {
  const where = side === 'device' ? 'on this device' : 'in the Worker';
  return `${status}: ${prefilled} prefilled, ${reused} reused, ${milliseconds(ms)} ${where}`;
}

/** Square, diamond, circle: distinguishable without colour. */
function mark(status: Status, x: number, y: number): SVGElement {
  if (status === 'hit') return svg('circle', { cx: x, cy: y, r: 4.5 });
  const turn = status === 'extended' ? `rotate(45 ${x} ${y})` : '';
  return svg('rect', { x: x - 4, y: y - 4, width: 8, height: 8, rx: 1, transform: turn });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
