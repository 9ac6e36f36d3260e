/** What S looks at, layer by layer: after layer k the history drops out of sight. */
import type { AttentionLayer } from '../attention.ts';
import type { Played } from '../play.ts';
import type { Film } from '../side.ts';
import { nameOf } from '../title.ts';
import { NOUNS } from '../words.ts';

const [WIDTH, ROW, LEFT, REGISTER] = [760, 34, 92, 26];

export function Attention({ played, history }: { played: Played; history: Film[] }) {
  const { layers, full, shape } = played;
  const { registerDepth, depth, slidingWindow } = shape;
  return (
    <section class="attention" aria-labelledby="attention-title">
      <h2 id="attention-title">What the model looks at</h2>
      <p class="soft">
        Each row is a layer, each column one of your {NOUNS}, oldest first; P and S are the registers. The
        darker, the more attention S pays.{' '}
        {slidingWindow !== undefined &&
          `Layer ${registerDepth} sees all of them, those before it the newest ${slidingWindow}. `}
        After layer {registerDepth} the history is gone: layers {registerDepth + 1} to {depth} go on with what
        S has gathered.
      </p>
      <Picture layers={layers} history={history} name="Attention of S" />
      {full?.layers && (
        <>
          <h3>Without EARN (k = N)</h3>
          <p class="soft">Every layer reads the whole history, each time.</p>
          <Picture layers={full.layers} history={history} name="Without EARN, attention of S" />
        </>
      )}
    </section>
  );
}

function Picture(props: { layers: AttentionLayer[]; history: Film[]; name: string }) {
  const { layers, history, name } = props;
  const height = layers.length * ROW + 26;
  const across = WIDTH - LEFT - 2 * REGISTER - 12;
  const cell = across / history.length;
  const x = (item: number) => LEFT + REGISTER + 6 + item * cell;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`${name}: ${described(layers, history)}`}>
      {layers.map(({ prefix, items, suffix }, layer) => {
        const y = layer * ROW + 2;
        const strongest = Math.max(prefix, suffix, ...items.map((weight) => weight ?? 0));
        return (
          <g key={layer}>
            <text class="tick" x={LEFT - 8} y={y + ROW / 2 + 3}>
              Layer {layer + 1}
            </text>
            <Cell
              x={LEFT}
              y={y}
              width={REGISTER}
              share={prefix / strongest}
              title={`P: ${percent(prefix)}`}
            />
            <rect class="gone" x={x(0)} y={y} width={across} height={ROW - 4} />
            {items.map((weight, item) =>
              weight === null ? null : (
                <Cell
                  key={item}
                  x={x(item)}
                  y={y}
                  width={Math.max(0.8, cell - (cell > 4 ? 1 : 0))}
                  share={weight / strongest}
                  title={`${nameOf(history[item].title)}: ${percent(weight)}`}
                />
              ),
            )}
            <Cell
              x={x(history.length) + 6}
              y={y}
              width={REGISTER}
              share={suffix / strongest}
              title={`S: ${percent(suffix)}`}
            />
            {items[0] === null && (
              <text class="gone-text" x={x(0) + 8} y={y + ROW / 2 + 3}>
                not seen
              </text>
            )}
          </g>
        );
      })}
      <text class="tick middle" x={LEFT + REGISTER / 2} y={height - 8}>
        P
      </text>
      <text class="tick start" x={x(0)} y={height - 8}>
        oldest
      </text>
      <text class="tick" x={x(history.length)} y={height - 8}>
        newest
      </text>
      <text class="tick middle" x={x(history.length) + 6 + REGISTER / 2} y={height - 8}>
        S
      </text>
    </svg>
  );
}

function Cell(props: { x: number; y: number; width: number; share: number; title: string }) {
  const { x, y, width, share, title } = props;
  return (
    <g>
      <rect class="cell-ground" x={x} y={y} width={width} height={ROW - 4} />
      <rect class="cell" x={x} y={y} width={width} height={ROW - 4} fill-opacity={share.toFixed(3)}>
        <title>{title}</title>
      </rect>
    </g>
  );
}

const percent = (weight: number): string => `${(100 * weight).toFixed(1)} %`;

/** A text alternative: per layer, the share of the registers and the film looked at most. */
function described(layers: AttentionLayer[], history: Film[]): string {
  const lines = layers.map(({ prefix, items, suffix }, layer) => {
    const most = items.reduce(
      (best: number, weight, item) => ((weight ?? 0) > (items[best] ?? 0) ? item : best),
      0,
    );
    const seen = items.filter((weight) => weight !== null).length;
    return `layer ${layer + 1} sees ${seen} of ${items.length}, most ${nameOf(history[most].title)}; registers ${percent(prefix + suffix)}`;
  });
  return lines.join('. ');
}
