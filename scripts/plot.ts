/** Plots for the docs, as SVG that reads on light and dark pages. */
import { writeFileSync } from 'node:fs';
import { parse, View, Warn } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export interface Point {
  x: number | string;
  y: number;
  /** Which line or part of a bar it belongs to. */
  line: string;
  /** The ends of its interval, if any. */
  low?: number;
  high?: number;
}

export interface Plot {
  title: string;
  x: string;
  y: string;
  points: Point[];
  /** The scale of the x axis. @default linear, or one step per name */
  scale?: 'log';
  /** `bars` stacks the points of the same x. @default lines */
  mark?: 'bars';
}

const INTERVAL = {
  mark: 'rule' as const,
  encoding: { y: { field: 'low', type: 'quantitative' as const }, y2: { field: 'high' } },
};

/** Draws the plot into the file. */
export async function writePlot(path: string, plot: Plot): Promise<void> {
  writeFileSync(path, `${await drawPlot(plot)}\n`);
}

/** The plot as SVG. Names on the x axis keep their order. */
export async function drawPlot({ title, x, y, points, scale, mark }: Plot): Promise<string> {
  const named = typeof points[0].x === 'string';
  const xAxis = {
    field: 'x',
    type: named ? ('ordinal' as const) : ('quantitative' as const),
    title: x,
    sort: null,
    axis: { labelAngle: 0, grid: false },
    ...(scale && { scale: { type: scale } }),
  };
  const legend = { labelLimit: 0 }; // names are never cut
  const color = { field: 'line', type: 'nominal' as const, title: null, sort: null, legend };
  const spec: TopLevelSpec = {
    title,
    width: 520,
    height: 280,
    background: 'white',
    data: { values: points },
    encoding: { x: xAxis, color },
    layer: [
      {
        mark: mark === 'bars' ? { type: 'bar' } : { type: 'line', point: true },
        encoding: { y: { field: 'y', type: 'quantitative', title: y, scale: { zero: true } } },
      },
      ...(points.some(({ low }) => low !== undefined) ? [INTERVAL] : []),
    ],
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none', logLevel: Warn });
  return view.toSVG();
}
