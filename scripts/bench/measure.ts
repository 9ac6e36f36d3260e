/**
 * Takes the times: every scenario in turn, so that whatever else the machine does meets all of them alike.
 */
import { SingleBar } from 'cli-progress';
import type { ModelConfig } from '../../worker/engine/config.ts';
import type { Row } from './report.ts';
import type { Part, Prepared, Scenario, Users } from './scenario.ts';
import { median, percentile, round } from './statistics.ts';
import { usersWith } from './users.ts';
import { workOf } from './work.ts';
import { cost, type Time, type Workerd } from './workerd.ts';

/** Rows of the bare products: those of a prefill of 3, of a beam, and more. */
const PEAK_ROWS = [4, 20, 64, 200];
const PEAK_RUNS = 10;

export interface Measured {
  scenario: Scenario;
  prepared: Prepared;
  users: number;
  samples: Map<Part, Time[]>;
}

/**
 * Every scenario and the bare products (`width` columns; null: none), one after the other, `rounds` times.
 */
export async function measure(
  workerd: Workerd,
  all: Scenario[],
  histories: Users,
  rounds: number,
  width: number | null,
) {
  const measured: Measured[] = [];
  for (const scenario of all) {
    const users = usersWith(scenario.history, histories);
    const prepared = (await workerd.call({ do: 'prepare', scenario, users })).result as Prepared;
    const samples = new Map(prepared.parts.map((part) => [part, [] as Time[]]));
    measured.push({ scenario, prepared, users: users.length, samples });
  }
  const peaks = new Map((width === null ? [] : PEAK_ROWS).map((rows) => [rows, [] as number[]]));
  const bar = new SingleBar({
    format: '{bar} {value}/{total} rounds, {eta_formatted} left',
    stream: process.stderr,
  });
  bar.start(rounds + 1, 0);
  for (let at = 0; at <= rounds; at++) {
    // Back and forth, so that none always runs after the same neighbour. The first round only warms up.
    for (const { scenario, samples } of at % 2 === 0 ? measured : measured.toReversed()) {
      for (const [part, times] of samples) {
        const { time } = await workerd.call({ do: 'run', scenario, part });
        if (at > 0) times.push(time);
      }
    }
    for (const [rows, times] of peaks) {
      const { time } = await workerd.call({ do: 'peak', rows, width: width!, times: PEAK_RUNS });
      if (at > 0) times.push(cost(time) / PEAK_RUNS);
    }
    bar.update(at + 1);
  }
  bar.stop();
  return { measured, peaks };
}

/** Milliseconds an answer, without what the call itself takes. */
function timesOf({ samples, users }: Measured, part: Part, of: (time: Time) => number): number[] {
  const empty = median(samples.get('empty')!.map(of));
  return (samples.get(part) ?? []).map((time) => Math.max(0, of(time) - empty) / users);
}

/**
 * `config` is that of the scenario's model, null of a peer, whose operations are not counted; `peak` is in
 * int8 GOP/s.
 */
export function rowOf(one: Measured, config: ModelConfig | null, peak: number): Row {
  const { scenario, prepared } = one;
  const part = (name: Part) => (one.samples.has(name) ? median(timesOf(one, name, cost)) : 0);
  const answers = timesOf(one, 'answer', cost);
  const wall = timesOf(one, 'answer', ({ wall }) => wall);
  const work = config && workOf(config, scenario, prepared);
  return {
    variant: scenario.variant,
    history: scenario.history,
    fresh: scenario.fresh,
    beam: scenario.beam,
    ms: round(median(answers)),
    p95_ms: round(percentile(answers, 0.95)),
    wall_ms: round(median(wall)),
    wall_p95_ms: round(percentile(wall, 0.95)),
    prefill_ms: round(part('prefill')),
    decode_ms: round(part('decode')),
    bookkeeping_ms: round(Math.max(0, part('search') - part('decode'))),
    coding_ms: round(part('coding')),
    state_bytes: prepared.stateBytes,
    int8_mops: work ? round(work.int8 / 1e6, 2) : null,
    float32_mops: work ? round(work.float32 / 1e6, 2) : null,
    efficiency: work ? round(work.int8 / 1e6 / (median(answers) * peak), 3) : null,
  };
}
