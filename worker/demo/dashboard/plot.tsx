/** Lines over time, drawn by uPlot; in words for who can't see them. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  name: string;
  colour: string;
  values: (number | null)[];
}

const HEIGHT = 220;
const TIME = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });
const clock = (seconds: number): string => TIME.format(seconds * 1000);

export function Plot({
  title,
  unit,
  times,
  lines,
}: {
  title: string;
  unit: string;
  times: number[];
  lines: Line[];
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data: uPlot.AlignedData = [times, ...lines.map(({ values }) => values)];

  useEffect(() => {
    const { current } = place;
    if (!current) return;
    const text = getComputedStyle(current).color;
    const axis = {
      stroke: text,
      grid: { stroke: 'rgb(128 128 128 / 20%)', width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: current.clientWidth,
        height: HEIGHT,
        axes: [
          { ...axis, space: 70, values: (_, moments) => moments.map(clock) },
          { ...axis, size: 44 },
        ],
        scales: { y: { range: (_, __, most) => [0, Math.max(most || 0, 1) * 1.1] } },
        legend: { live: false },
        series: [{}, ...lines.map(({ name, colour }) => ({ label: name, stroke: colour, width: 2 }))],
      },
      data,
      current,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height: HEIGHT }));
    resized.observe(current);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [times]);

  const now = lines.map(({ name, values }) => `${name} ${rounded(values.at(-1) ?? null)}`).join(', ');
  return (
    <section aria-label={title}>
      <h2>
        {title} <span class="soft">{unit}</span>
      </h2>
      <p class="visually-hidden">{`Now: ${now}`}</p>
      {times.length < 2 && <p class="soft begins">Begins with the next readings, one each few seconds.</p>}
      <div ref={place} class={times.length < 2 ? 'empty' : undefined} aria-hidden="true" />
    </section>
  );
}

export function rounded(value: number | null): string {
  if (value === null) return '–';
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
