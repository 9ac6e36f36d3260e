/** `npm run bench`: measures what an answer costs, inside workerd and through the real engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { shapeWithoutEarn } from '../build/without-earn.ts';
import { defineCommand, runCommand } from '../command.ts';
import { DataError } from '../data/errors.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { coldStart } from './cold-start.ts';
import { isolateMemory } from './isolate-memory.ts';
import { measure, rowOf } from './measure.ts';
import {
  itemIdsOf,
  placeEmpty,
  placeModel,
  placePeak,
  placeWithoutEarn,
  readManifestOf,
  withoutEarn,
} from './models.ts';
import { placeSasRec, placeUsual } from './peers/place.ts';
import { ratiosOf } from './ratios.ts';
import { type Bench, report } from './report.ts';
import { type Scenario, scenarios, type Users } from './scenario.ts';
import { median, round } from './statistics.ts';
import { readUsers, usersWith } from './users.ts';
import { bundle, Workerd } from './workerd.ts';

interface BenchOptions {
  data: string | undefined;
  model: string;
  full: string | undefined;
  rounds: number;
}

async function bench({ data, model, full, rounds }: BenchOptions, command: string): Promise<Bench> {
  const manifest = readManifestOf(model);
  const { config } = manifest;
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-models-'));
  const script = await bundle('worker.ts');
  try {
    placeModel(model, join(folder, 'earn'));
    const random = withoutEarn(model);
    if (full) placeModel(full, join(folder, 'full'));
    else placeWithoutEarn(model, join(folder, 'full'));
    const late = config.codeLayers !== undefined;
    if (late) placeWithoutEarn(model, join(folder, 'late'), 'last layers');
    placeUsual(random, join(folder, 'usual'));
    placeSasRec(config, join(folder, 'sasrec'));
    placeEmpty(join(folder, 'bare'));
    const operations = placePeak(config, join(folder, 'bare'));
    const configs = new Map(
      ['earn', 'full', ...(late ? ['late'] : [])].map((name) => [
        name,
        readManifestOf(join(folder, name)).config,
      ]),
    );
    if (!isDeepStrictEqual(configs.get('full'), shapeWithoutEarn(config))) {
      throw new DataError(`--full: ${full} is not ${model} without EARN: the same shape, and k = N`);
    }
    const users = await readUsers(config, itemIdsOf(model), data);
    if (users.length === 0) throw new DataError(`${data}: no history has items that the model knows`);
    const longest = Math.min(config.contextWindow, Math.max(...users.map(({ length }) => length)));
    const all = scenarios(longest, late);
    if (all.length === 0) throw new DataError(`no user has more than ${longest} items that the model knows`);
    const workerd = await Workerd.start(script, folder);
    let result: Awaited<ReturnType<typeof measure>>;
    try {
      for (const name of new Set(all.map(({ model: each }) => each)))
        await workerd.call({ do: 'load', model: name });
      result = await measure(workerd, all, users, rounds, config.width);
    } finally {
      await workerd.stop();
    }
    const peaks = [...result.peaks].map(([rows, times]) => ({
      rows,
      gops: round((operations * rows) / median(times) / 1e6, 1),
    }));
    const peak = Math.max(...peaks.map(({ gops }) => gops));
    const rows = result.measured.map((one) => rowOf(one, configs.get(one.scenario.model) ?? null, peak));
    for (const [at, scenario] of all.entries()) {
      if (scenario.history !== 200 || scenario.beam !== 20) continue;
      Object.assign(rows[at], await memoryOf(script, folder, scenario, usersWith(200, users)));
    }
    const start = await coldStart(
      script,
      folder,
      usersWith(Math.min(200, longest), users)[0],
      manifest.ranker,
    );
    return {
      command,
      date: new Date().toISOString().slice(0, 10),
      model: manifest.id,
      ratios: { ...ratiosOf(rows, config, start), isolate_mb: (await isolateMemory(model, 1000)).last.mb },
      start,
      peaks,
      peak_int8_gops: round(peak, 1),
      rows,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Memory of an isolate that runs one variant only. */
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

const definition = defineCommand({
  usage: `npm run bench [-- options]

Measures the CPU time of an answer inside workerd: EARN beside the same decoder without it, its usual export
and SASRec. Where the system does not tell CPU times, times are of the clock. The last line printed is a JSON
object.`,
  options: {
    data: {
      type: 'folder',
      holds: LOG_FILES,
      description: 'histories to answer; without it they are drawn from the catalogue with a fixed seed',
    },
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    full: {
      type: 'folder',
      holds: 'manifest.json',
      description:
        'the decoder without EARN (k = N); by default one of the same shapes with random weights, which takes ' +
        'the same time',
    },
    rounds: { type: 'integer', min: 1, default: 15, description: 'measurements of each scenario' },
  },
  async main(options, { command, print }) {
    const measured = await bench(options, command);
    report(measured);
    print(JSON.stringify(measured));
  },
});

if (import.meta.main) await runCommand(definition);
