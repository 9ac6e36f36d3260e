/** The last requests as points on a logarithmic time axis. Shape and colour show what was computed. */
import { type Measured, MOST_POINTS, type Status } from '../costs.ts';
import { milliseconds } from '../format.ts';
import { counted } from '../words.ts';

const [WIDTH, HEIGHT] = [480, 150];
const MARGIN = { top: 10, right: 8, bottom: 20, left: 40 };
const NAMES: Record<Status, string> = {
  miss: 'all computed',
  extended: 'only what is new',
  hit: 'all remembered',
};

export function Chart({ measured }: { measured: readonly Measured[] }) {
  const times = measured.map(({ ms }) => ms);
  const low = Math.floor(Math.log10(Math.max(0.1, Math.min(10, ...times))));
  const high = Math.max(low + 2, Math.ceil(Math.log10(Math.max(100, ...times))));
  const floor = HEIGHT - MARGIN.bottom;
  const x = (index: number) =>
    MARGIN.left + ((index + 0.5) / MOST_POINTS) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (ms: number) => {
    const share = (Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low);
    return floor - share * (floor - MARGIN.top);
  };
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return (
    <figure>
      <figcaption>
        <span>Your last lists, ms</span>
        <span class="legend" aria-hidden="true">
          {(Object.keys(NAMES) as Status[]).map((status) => (
            <span key={status} class={status}>
              {NAMES[status]}
            </span>
          ))}
        </span>
      </figcaption>
      <svg id="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary(measured)}>
        {decades.map((ms) => (
          <g key={ms}>
            <line class="grid" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(ms)} y2={y(ms)} />
            <text class="tick" x={MARGIN.left - 8} y={y(ms) + 3.5}>
              {ms}
            </text>
          </g>
        ))}
        {measured.map((each, index) => (
          <g key={index} class={`point ${each.status}`}>
            <title>{describe(each)}</title>
            <line class="stem" x1={x(index)} x2={x(index)} y1={floor} y2={y(each.ms)} />
            <Mark status={each.status} x={x(index)} y={y(each.ms)} />
            {each.side === 'device' && (
              <text class="tick device" x={x(index)} y={HEIGHT - 6}>
                D
              </text>
            )}
          </g>
        ))}
      </svg>
      {measured.some(({ side }) => side === 'device') && <p class="soft">D: on this device</p>}
    </figure>
  );
}

/** Square, diamond, circle: distinguishable without colour. */
function Mark({ status, x, y }: { status: Status; x: number; y: number }) {
  if (status === 'hit') return <circle cx={x} cy={y} r={4.5} />;
  const turn = status === 'extended' ? `rotate(45 ${x} ${y})` : undefined;
  return <rect x={x - 4} y={y - 4} width={8} height={8} rx={1} transform={turn} />;
}

/** A text alternative. */
function summary(measured: readonly Measured[]): string {
  if (measured.length === 0) return 'No lists yet';
  const parts = (Object.keys(NAMES) as Status[]).flatMap((status) => {
    const times = measured.filter((each) => each.status === status).map(({ ms }) => ms);
    return times.length > 0
      ? [`${times.length} ${NAMES[status]}, median ${milliseconds(median(times))}`]
      : [];
  });
  return `Your last lists: ${parts.join('; ')}`;
}

function describe({ ms, reused, prefilled, side }: Measured): string {
  const where = side === 'device' ? 'on this device' : 'in the Worker';
  return `${counted(prefilled)} computed, ${reused} remembered, ${milliseconds(ms)} ${where}`;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
