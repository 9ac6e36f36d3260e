/** `npm run bench:growth`: what grows with logs, catalogues and distances, in bare workerd. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeModel } from '../../build/build-model.ts';
import { bundlePage } from '../../bundle-page.ts';
import { defineCommand, runCommand } from '../../command.ts';
import { updateDocuments } from '../../docs/documents.ts';
import { coldStart } from '../cold-start.ts';
import { measure, rowOf } from '../measure.ts';
import { itemIdsOf, placeEmpty, placeModel, placeWithoutEarn, readManifestOf } from '../models.ts';
import type { Scenario } from '../scenario.ts';
import { round } from '../statistics.ts';
import { readUsers } from '../users.ts';
import { bundle, Workerd } from '../workerd.ts';
import { Isolate } from './isolate.ts';
import { manyItems } from './many-items.ts';
import { logCosts, requestCosts, roundTrips } from './requests.ts';
import { GROWTH_JSON, type Growth, type Ratios } from './tables.ts';

/** Events in the logs that are compared. */
const LOGS = [1000, 100_000, 1_000_000];
/** Least measurements of the engine alone: V8 first compiles it without much care. */
const ENGINE_ROUNDS = 15;
/**
 * Of V8, with many items. Without a limit it lets garbage lie that Workers' 128 MB have no room for; WASM and
 * the buffers behind arrays take up to 80 of these.
 */
const HEAP_MB = 40;

async function bench(model: string, rounds: number, quick: boolean, command: string): Promise<Growth> {
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-growth-'));
  try {
    await bundlePage(); // the Worker imports what it makes
    const service = await bundle('growth/service.ts');
    const ids = itemIdsOf(model);
    const isolate = await Isolate.start(service, model);
    const logs = quick ? LOGS.slice(0, -1) : LOGS;
    let own: Awaited<ReturnType<typeof inOneIsolate>>;
    try {
      own = await inOneIsolate(isolate, ids, logs, rounds);
    } finally {
      await isolate.stop();
    }
    const many = quick ? null : await withItems(100_000, service, model, folder, rounds);
    const most = quick ? null : await withItems(1_000_000, service, model, folder, rounds);
    const ownCache = await againstOwnCache(model, folder, rounds);
    const log = (events: number) => round(own.logs.get(events)! / own.logs.get(1000)!, 2);
    const ratios: Ratios = {
      log_1m_over_1k: quick ? null : log(1_000_000),
      log_100k_over_1k: log(100_000),
      items_1m_over_4k: most && round(most.extended / own.requests.extended, 2),
      isolate_mb_1m: most?.held ?? null,
      isolate_seen_mb_1m: most?.seen ?? null,
      items_100k_over_4k: many && round(many.extended / own.requests.extended, 2),
      isolate_mb_100k: many?.held ?? null,
      isolate_seen_mb_100k: many?.seen ?? null,
      ...own.trips,
      request_over_engine: round(own.requests.extended / own.requests.engine, 2),
      ...ownCache.ratios,
    };
    const table = new console.Console(process.stderr);
    table.log('CPU milliseconds per request (batch: per list); `engine` is the engine’s part of `extended`');
    table.table(own.requests);
    table.log('CPU milliseconds per request by events in the log');
    table.table(Object.fromEntries(own.logs));
    table.log('From nothing to the first answer, milliseconds');
    table.table(ownCache.start);
    table.table(ratios);
    const { requests } = own;
    return { command, ...ratios, requests, logs: Object.fromEntries(own.logs), start: ownCache.start };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function inOneIsolate(isolate: Isolate, ids: string[], logs: number[], rounds: number) {
  return {
    requests: await requestCosts(isolate, ids, rounds),
    logs: await logCosts(isolate, ids, logs, rounds),
    trips: await roundTrips(isolate, ids, rounds),
  };
}

/** The same shape with random weights and many items, after some hundred requests. */
async function withItems(count: number, service: string, model: string, folder: string, rounds: number) {
  const { config, name } = readManifestOf(model);
  const large = join(folder, `items-${count}`);
  writeModel(manyItems(config, count, name), large);
  const isolate = await Isolate.start(service, large, { heapMb: HEAP_MB });
  rmSync(large, { recursive: true }); // the isolate has a copy
  try {
    const ids = Array.from({ length: count }, (_, item) => `item-${item}`);
    let seen = 0;
    const { extended } = await requestCosts(isolate, ids, rounds, async () => {
      seen = Math.max(seen, await isolate.seenMb());
    });
    return { extended, seen, held: await isolate.heldMb() };
  } finally {
    await isolate.stop();
  }
}

/** The same decoder that caches all its layers beside EARN; and a start from nothing. */
async function againstOwnCache(model: string, folder: string, rounds: number) {
  const { config, ranker } = readManifestOf(model);
  placeModel(model, join(folder, 'earn'));
  placeWithoutEarn(model, join(folder, 'full'));
  placeWithoutEarn(model, join(folder, 'late'), 'last layers');
  placeEmpty(join(folder, 'bare'));
  const script = await bundle('worker.ts');
  const users = await readUsers(config, itemIdsOf(model), undefined);
  const history = Math.min(400, config.contextWindow);
  const of = (of: Pick<Scenario, 'variant' | 'model'>): Scenario => ({
    ...of,
    ranker: 'beam',
    history,
    fresh: 3,
    beam: 20,
  });
  const all = [
    of({ variant: 'own cache', model: 'full' }),
    of({ variant: 'own cache, late codes', model: 'late' }),
    of({ variant: 'warm', model: 'earn' }),
  ];
  const workerd = await Workerd.start(script, folder);
  let rows: ReturnType<typeof rowOf>[];
  try {
    for (const { model: name } of all) await workerd.call({ do: 'load', model: name });
    const { measured } = await measure(workerd, all, users, Math.max(rounds, ENGINE_ROUNDS), null);
    rows = measured.map((one) => rowOf(one, null, 1));
  } finally {
    await workerd.stop();
  }
  const start = await coldStart(script, folder, users[0].slice(-200), ranker);
  const [own, late, earn] = rows;
  return {
    start,
    ratios: {
      first_over_init: round((start.wasm + start.files + start.sessions + start.answer) / start.wasm, 2),
      own_cache_over_earn_400: round(own.ms / earn.ms, 2),
      late_codes_over_earn_400: round(late.ms / earn.ms, 2),
      own_cache_bytes_over_earn_400: round(own.state_bytes / earn.state_bytes, 2),
    },
  };
}

const definition = defineCommand({
  usage: `npm run bench:growth [-- options]

Measures in bare workerd what a whole request costs beside the engine's part, how costs grow with the length of a
log and the number of items, how many reads a list waits for, a first answer, and EARN's cache beside that of the
same decoder. The last line printed is a JSON object; null is what was not measured.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    rounds: { type: 'integer', min: 1, default: 8, description: 'measurements of each kind' },
    quick: { type: 'boolean', default: false, description: 'leave out what takes more than two minutes' },
    write: { type: 'boolean', default: false, description: 'write docs/growth.json and its tables' },
  },
  async main({ model, rounds, quick, write }, { command, print }) {
    const growth = await bench(model, rounds, quick, command);
    if (write) {
      writeFileSync(GROWTH_JSON, `${JSON.stringify(growth)}\n`);
      await updateDocuments();
    }
    print(JSON.stringify(growth));
  },
});

if (import.meta.main) await runCommand(definition);
