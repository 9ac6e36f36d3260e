/** What the isolates that answered have done since the page was opened. */
import { plain } from '../format.ts';
import { quantile, type Reading, ratesBetween, type Sample, sumOf } from './counters.ts';
import { Plot, rounded } from './plot.tsx';

/** Shapes of time are kept for half an hour at most. */
const MOST = 360;

export interface Point {
  at: number;
  requests: number;
  problems: number;
  hit: number;
  extended: number;
  miss: number;
  /** Milliseconds; null when nothing was asked. */
  median: number | null;
  slow: number | null;
}

/** One more point, if this isolate was read before. */
export function pointAfter(
  points: readonly Point[],
  before: Reading | undefined,
  reading: Reading,
): readonly Point[] {
  if (!before) return points;
  const rates = ratesBetween(before, reading);
  const lists = (cache: string) => sumOf(rates, 'earn_lists_total', (labels) => labels.cache === cache);
  const point: Point = {
    at: reading.at,
    requests: sumOf(rates, 'earn_requests_total'),
    problems: sumOf(rates, 'earn_problems_total'),
    hit: lists('hit'),
    extended: lists('extended'),
    miss: lists('miss'),
    median: quantile(rates, 'earn_request_duration_ms', 0.5),
    slow: quantile(rates, 'earn_request_duration_ms', 0.95),
  };
  return [...points, point].slice(-MOST);
}

export function Traffic({
  points,
  reading,
  isolates,
}: {
  points: readonly Point[];
  reading: Reading;
  isolates: number;
}) {
  const { samples } = reading;
  const times = points.map(({ at }) => at);
  const of = (name: keyof Point) => points.map((point) => point[name]);
  const reused = sumOf(samples, 'earn_reused_items_total');
  const computed = sumOf(samples, 'earn_prefilled_items_total');
  const share = reused + computed === 0 ? '–' : `${Math.round((100 * reused) / (reused + computed))} %`;
  return (
    <>
      <section aria-label="Since this isolate began">
        <dl class="tiles">
          <Tile name="Requests" value={plain(sumOf(samples, 'earn_requests_total'))} />
          <Tile name="Problems" value={plain(sumOf(samples, 'earn_problems_total'))} />
          <Tile name="Lists" value={plain(sumOf(samples, 'earn_lists_total'))} />
          <Tile name="History remembered" value={share} />
          <Tile name="Answer, median" value={ms(quantile(samples, 'earn_request_duration_ms', 0.5))} />
          <Tile name="Answer, 95 %" value={ms(quantile(samples, 'earn_request_duration_ms', 0.95))} />
        </dl>
        <p class="soft">
          Counted since {new Date(Number(reading.isolate) * 1000).toLocaleString('en')} by one isolate, which
          counts its own requests only; {isolates} answered this page so far. In production an isolate’s clock
          stands still while it computes, so its times are those of waiting.
        </p>
      </section>
      <div class="plots">
        <Plot
          title="Requests"
          unit="per second"
          times={times}
          lines={[
            { name: 'answers', colour: '#5b78e8', values: of('requests') },
            { name: 'problems', colour: '#d9534a', values: of('problems') },
          ]}
        />
        <Plot
          title="Lists by what was remembered"
          unit="per second"
          times={times}
          lines={[
            { name: 'all (hit)', colour: '#1f9e8f', values: of('hit') },
            { name: 'but the newest (extended)', colour: '#5b78e8', values: of('extended') },
            { name: 'nothing (miss)', colour: '#d98a1f', values: of('miss') },
          ]}
        />
        <Plot
          title="Time to the answer"
          unit="ms"
          times={times}
          lines={[
            { name: 'median', colour: '#5b78e8', values: of('median') },
            { name: '95 %', colour: '#d98a1f', values: of('slow') },
          ]}
        />
      </div>
      <Routes samples={samples} />
    </>
  );
}

function Tile({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const ms = (value: number | null): string => (value === null ? '–' : `${rounded(value)} ms`);

function Routes({ samples }: { samples: Sample[] }) {
  const rows = samples.filter(({ name }) => name === 'earn_requests_total').sort((a, b) => b.value - a.value);
  const isApi = ({ labels: { route } }: Sample) => route.startsWith('/v1/');
  return (
    <section aria-labelledby="routes-title">
      <h2 id="routes-title">Requests by route</h2>
      <RouteTable rows={rows.filter(isApi)} />
      <details>
        <summary>Pages and files</summary>
        <RouteTable rows={rows.filter((row) => !isApi(row))} />
      </details>
    </section>
  );
}

function RouteTable({ rows }: { rows: Sample[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col">Status</th>
          <th scope="col" class="number">
            Answers
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ labels: { method, route, status }, value }) => (
          <tr key={`${method} ${route} ${status}`}>
            <td>
              {method} <code>{route}</code>
            </td>
            <td>{status}</td>
            <td class="number">{plain(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
