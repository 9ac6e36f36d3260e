/** Time and bytes of one history, with EARN and without. */
import { kilobytes, megabytes, milliseconds } from '../format.ts';
import type { Played } from '../play.ts';
import { counted, NOUN } from '../words.ts';

interface Bar {
  name: string;
  value: number;
  text: string;
  kind: 'ours' | 'full';
}

/** The decoder without EARN on its way to this device. */
export interface Fetching {
  /** Not asked for yet, on its way, or there. */
  state: 'wanted' | 'coming' | 'there';
  loaded: [bytes: number, total: number];
  problem: string;
  start(): void;
}

export function Comparison(props: { played: Played; length: number; fetching: Fetching }) {
  const { played, length, fetching } = props;
  const { ms, bytes, full, shape } = played;
  const times: Bar[] = [
    {
      name: `One new ${NOUN}, the rest remembered`,
      value: ms.warm,
      text: milliseconds(ms.warm),
      kind: 'ours',
    },
    {
      name: `All ${counted(length)}, nothing remembered`,
      value: ms.cold,
      text: milliseconds(ms.cold),
      kind: 'ours',
    },
  ];
  const sizes: Bar[] = [{ name: 'With EARN', value: bytes, text: kilobytes(bytes), kind: 'ours' }];
  if (full) {
    times.push({
      name: 'All, without EARN (k = N)',
      value: full.ms,
      text: milliseconds(full.ms),
      kind: 'full',
    });
    sizes.push({
      name: 'Without EARN (k = N)',
      value: full.bytes,
      text: kilobytes(full.bytes),
      kind: 'full',
    });
  }
  return (
    <section class="comparison" aria-labelledby="comparison-title">
      <h2 id="comparison-title">What it costs</h2>
      <Bars title="Time to read the history" bars={times} />
      <Bars title="What is kept of it" bars={sizes} />
      <p class="soft">
        N = {shape.depth} layers, k = {shape.registerDepth}. Making the list took {milliseconds(ms.rank)}{' '}
        more. The fastest of nine runs each, in turns.{' '}
        {full &&
          (full.layers
            ? 'The decoder without EARN was trained on the same data.'
            : 'The decoder without EARN has this shape and random weights: they take the same time.')}
      </p>
      {!full && <Fetch {...fetching} />}
    </section>
  );
}

function Fetch({ state, loaded: [bytes, total], problem, start }: Fetching) {
  if (state === 'wanted') {
    return (
      <>
        <button type="button" class="primary" onClick={start}>
          Compare with the same decoder without EARN
        </button>
        <p class="soft">It reads the whole history in every layer (k = N). A few megabytes are fetched.</p>
        {problem !== '' && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </>
    );
  }
  const share = total > 0 ? bytes / total : undefined;
  return (
    <p class="loading">
      <progress
        max="1"
        value={state === 'there' ? 1 : share}
        aria-label="Fetching the decoder without EARN"
      />
      <span class="soft">
        {megabytes(bytes)} of {megabytes(total)} MB
      </span>
    </p>
  );
}

function Bars({ title, bars }: { title: string; bars: Bar[] }) {
  const most = Math.max(...bars.map(({ value }) => value));
  return (
    <div class="bars">
      <h3>{title}</h3>
      <dl>
        {bars.map(({ name, value, text, kind }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect class={kind} width={Math.max(0.5, (100 * value) / most)} height="8" />
              </svg>
              <span>{text}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
