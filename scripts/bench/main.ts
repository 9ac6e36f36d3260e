/**
 * `npm run bench`: what an answer costs, inside workerd and through the real engine, beside the same decoder without EARN and
 * beside what the machine could do. Variants take turns, so that whatever else the machine does meets all of them alike.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import type { Manifest, ModelConfig } from '../../worker/engine/manifest.ts';
import { readHistories } from '../dataset.ts';
import { randomInts, seededRandom, shuffled } from '../random.ts';
import { coldStart } from './cold-start.ts';
import { placeEmpty, placeFull, placeModel, placePeak, readManifestOf } from './models.ts';
import { type Row, report } from './report.ts';
import { type Part, type Prepared, type Scenario, scenarios, type Users } from './scenario.ts';
import { median, percentile, round } from './statistics.ts';
import { workOf } from './work.ts';
import { bundle, cost, type Time, Workerd } from './workerd.ts';

const USAGE = `Usage: npm run bench [-- --data DIR] [--model DIR] [--full DIR] [--rounds N]

Without --data, histories are drawn from the catalogue with a fixed seed. Without --full, the decoder without EARN has random
weights of the same shapes, which take the same time. Times are of CPU where the system tells them, else of the clock.`;

/** Users whose answers make one sample. */
const USERS = 4;
const SEED = 1;
/** Rows of the bare products: those of a prefill of 3, of a beam, and more. */
const PEAK_ROWS = [4, 20, 64, 200];
const PEAK_RUNS = 10;

interface Measured {
  scenario: Scenario;
  prepared: Prepared;
  users: number;
  samples: Map<Part, Time[]>;
}

/** What the histories are drawn from: the data's users, in a fixed order, or the catalogue. */
async function histories({ config }: Manifest, ids: string[], data: string | undefined): Promise<Users> {
  const random = seededRandom(SEED);
  if (data === undefined) {
    return Array.from({ length: USERS }, () => randomInts(random, config.window, config.items));
  }
  const indices = new Map(ids.map((id, index) => [id, index]));
  const known = [...(await readHistories(data)).values()].map((history) =>
    history.flatMap((id) => indices.get(id) ?? []),
  );
  return shuffled(known, random);
}

/** The newest items of the first users who have enough of them. */
function usersWith(history: number, all: Users): Users {
  const chosen = all.filter((items) => items.length >= history).slice(0, USERS);
  if (chosen.length === 0) throw new Error(`no user has ${history} items`);
  return chosen.map((items) => items.slice(-history));
}

/** Every scenario and the bare products, one after the other, `rounds` times. */
async function measure(workerd: Workerd, all: Scenario[], histories: Users, rounds: number, width: number) {
  const measured: Measured[] = [];
  for (const scenario of all) {
    const users = usersWith(scenario.history, histories);
    const prepared = (await workerd.call({ do: 'prepare', scenario, users })).result as Prepared;
    const samples = new Map(prepared.parts.map((part) => [part, [] as Time[]]));
    measured.push({ scenario, prepared, users: users.length, samples });
  }
  const peaks = new Map(PEAK_ROWS.map((rows) => [rows, [] as number[]]));
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
      const { time } = await workerd.call({ do: 'peak', rows, width, times: PEAK_RUNS });
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

function rowOf(one: Measured, configs: Map<string, ModelConfig>, peak: number): Row {
  const { scenario, prepared } = one;
  const part = (name: Part) => (one.samples.has(name) ? median(timesOf(one, name, cost)) : 0);
  const answers = timesOf(one, 'answer', cost);
  const wall = timesOf(one, 'answer', ({ wall }) => wall);
  const config = configs.get(scenario.model);
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

async function main(options: { data?: string; model: string; full?: string; rounds: number }): Promise<void> {
  const { data, model, full, rounds } = options;
  const manifest = readManifestOf(model);
  const { config } = manifest;
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-models-'));
  const script = await bundle('worker.ts');
  try {
    placeModel(model, join(folder, 'earn'));
    if (full) placeModel(full, join(folder, 'full'));
    else placeFull(model, join(folder, 'full'));
    placeEmpty(join(folder, 'bare'));
    const operations = placePeak(config, join(folder, 'bare'));
    const configs = new Map(
      ['earn', 'full'].map((name) => [name, readManifestOf(join(folder, name)).config]),
    );

    const items: { id: string }[] = JSON.parse(readFileSync(join(model, manifest.catalogue.path), 'utf8'));
    const users = await histories(
      manifest,
      items.map(({ id }) => id),
      data,
    );
    const workerd = await Workerd.start(script, folder);
    const all = scenarios(config.window, []);
    let result: Awaited<ReturnType<typeof measure>>;
    try {
      for (const name of ['earn', 'full'] as const) await workerd.call({ do: 'load', model: name });
      result = await measure(workerd, all, users, rounds, config.width);
    } finally {
      await workerd.stop();
    }
    const peaks = [...result.peaks].map(([rows, times]) => ({
      rows,
      gops: (operations * rows) / median(times) / 1e6,
    }));
    const peak = Math.max(...peaks.map(({ gops }) => gops));
    const rows = result.measured.map((one) => rowOf(one, configs, peak));
    for (const [at, scenario] of all.entries()) {
      if (scenario.history !== 200 || scenario.beam !== 20) continue;
      Object.assign(rows[at], await memoryOf(script, folder, scenario, usersWith(200, users)));
    }
    const start = await coldStart(script, folder, usersWith(200, users)[0]);

    const find = (variant: string, history: number, fresh: number | null) =>
      rows.find(
        (row) => row.variant === variant && row.history === history && row.fresh === fresh && row.beam === 20,
      )!;
    const over = (a: Row, b: Row) => round(a.ms / b.ms, 2);
    const warm = find('warm', 200, 3);
    const floatBytes = 200 * config.depth * 2 * config.headDim * 4;
    const ratios = {
      full_over_cold_200: over(find('full', 200, null), find('cold', 200, null)),
      full_over_warm_200: over(find('full', 200, null), warm),
      full_over_warm_400: over(find('full', 400, null), find('warm', 400, 3)),
      usual_over_warm_200: null,
      state_reduction_200: round(1 - warm.state_bytes / floatBytes),
      warm_growth_50_400: over(find('warm', 400, 3), find('warm', 50, 3)),
      efficiency_warm_200: warm.efficiency,
      isolate_mb: null,
      first_over_warm: round(start.total / warm.ms, 1),
    };
    report({ rows, peaks, start, ratios });
    console.log(JSON.stringify({ ratios, rows, peak_int8_gops: round(peak, 1) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What one variant alone makes of an empty isolate. */
async function memoryOf(script: string, folder: string, scenario: Scenario, users: Users) {
  const workerd = await Workerd.start(script, folder);
  try {
    await workerd.call({ do: 'load', model: scenario.model });
    await workerd.call({ do: 'prepare', scenario, users });
    const { wasmBytes } = await workerd.call({ do: 'run', scenario, part: 'answer' });
    return { wasm_mb: round(wasmBytes / 1e6, 1), js_mb: round((await workerd.heapBytes()) / 1e6, 1) };
  } finally {
    await workerd.stop();
  }
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'model-shards' },
    full: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else await main({ ...values, rounds: Number(values.rounds) });
