/**
 * `npm run verify:incremental`: returning users get exactly what they would get from scratch, and only new
 * items are prefilled. Each history is cut into visits. Every visit is served by a new isolate, so the state
 * goes through its stored bytes every time.
 */
import { SingleBar } from 'cli-progress';
import { StateCache } from '../../worker/cache/state-cache.ts';
import { digestOf, encodeState } from '../../worker/cache/state-codec.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { windowStart } from '../../worker/engine/window.ts';
import { eventKey } from '../../worker/history/event.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { allowedItems } from '../../worker/recommend/filters/index.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { UserStates } from '../../worker/recommend/user-states.ts';
import { defineCommand, runCommand } from '../command.ts';
import { readHistories } from '../dataset.ts';
import { loadFolder } from '../node-model.ts';
import { randomInts, seededRandom, shuffled } from '../random.ts';

const CUTS = 5;
const LIST = 20;
const SEED = 1;

/** What is counted over all users. */
export interface Totals {
  users: number;
  visits: number;
  window_moves: number;
  state_mismatches: number;
  list_mismatches: number;
  prefill_excess_items: number;
}

/** Serves one user's visits. Returns the size of the last state and its number of items. */
async function serve(model: EarnModel, history: string[], random: () => number, totals: Totals) {
  const store = new MemoryStore();
  const epoch = crypto.randomUUID();
  const cuts = [...new Set([...randomInts(random, CUTS, history.length), history.length])].sort(
    (a, b) => a - b,
  );
  const { ranker: usual, includeSeen, stateId, config } = model.manifest;
  const { contextWindow } = config;
  // Where counting makes the lists, a request for the decoder's still needs a state.
  const ranker = RANKERS[usual].needsState ? usual : 'latent';
  const query = { ...queryFor(LIST), ranker };
  let before = 0;
  let bytes = 0;
  for (const length of cuts.filter((cut) => cut > 0)) {
    const items = history.slice(0, length);
    const events = items.map((item) => ({ item }));
    const states = new UserStates(new StateCache(store), 'user', epoch);
    const list = await recommend(model, states, events, query);
    await states.persist();

    const indices = items.map((id) => model.catalogue.indexOf(id)!);
    const anchor = windowStart(length, contextWindow);
    const state = await model.prefill(indices.slice(anchor));
    const digest = await digestOf(events.slice(anchor).map(eventKey));
    const cold = encodeState({ stateId, epoch, anchor, digest, state });
    const [{ bytes: stored }] = store.values.values();
    if (!Buffer.from(stored).equals(Buffer.from(cold))) totals.state_mismatches++;
    const context = { catalogue: model.catalogue, history: indices, includeSeen };
    const allowed = allowedItems(query, context);
    const ranked = await RANKERS[ranker].rank({ model, state, history: indices, k: LIST, allowed });
    const same = ranked.every(({ item, score }, place) => {
      const { id, score: served } = list.items[place];
      return id === model.catalogue.items[item].id && score === served;
    });
    if (!same || ranked.length !== list.items.length) totals.list_mismatches++;

    if (list.cache.window_moved) totals.window_moves++;
    else totals.prefill_excess_items += Math.max(0, list.cache.prefilled_items - (length - before));
    totals.visits++;
    before = length;
    bytes = stored.byteLength;
  }
  totals.users++;
  return { bytes, items: before - windowStart(before, contextWindow) };
}

/** Real histories, shuffled; or random ones of 20 to 400 items, like those of MovieLens. */
async function histories(model: EarnModel, data: string | undefined, users: number, random: () => number) {
  if (data) return shuffled([...(await readHistories(data)).values()], random).slice(0, users);
  const { items } = model.catalogue;
  return Array.from({ length: users }, () => {
    const drawn = randomInts(random, 20 + Math.floor(random() * 381), items.length);
    return drawn.map((index) => items[index].id);
  });
}

const command = defineCommand({
  usage: `npm run verify:incremental [-- options]

Cuts histories into visits, serves each visit from the state that the one before it stored, and compares the
state and the list with those computed from the whole history. Exits 1 when any differs. The last line printed
is a JSON object.`,
  options: {
    data: {
      type: 'folder',
      holds: 'interactions.csv',
      description: 'histories to serve; without it they are drawn from the catalogue with a fixed seed',
    },
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    users: { type: 'integer', min: 1, default: 300, description: 'how many users' },
  },
  async main(options, { command, print }) {
    const model = await loadFolder(options.model);
    const { depth, headDim } = model.manifest.config;
    const random = seededRandom(SEED);
    const totals: Totals = {
      users: 0,
      visits: 0,
      window_moves: 0,
      state_mismatches: 0,
      list_mismatches: 0,
      prefill_excess_items: 0,
    };
    let bytes = 0;
    let items = 0;
    const chosen = await histories(model, options.data, options.users, random);
    const bar = new SingleBar({ format: '{bar} {value}/{total} users', stream: process.stderr });
    bar.start(chosen.length, 0);
    for (const history of chosen) {
      const final = await serve(model, history, random, totals);
      bytes += final.bytes;
      items += final.items;
      bar.increment();
    }
    bar.stop();
    // The same decoder without EARN keeps keys and values of every item in all layers, in float32.
    const fullBytes = (items / totals.users) * depth * 2 * headDim * 4;
    const meanBytes = bytes / totals.users;
    print(
      JSON.stringify({
        command,
        ...totals,
        mean_items: Math.round(items / totals.users),
        mean_state_bytes: Math.round(meanBytes),
        full_f32_bytes: Math.round(fullBytes),
        state_reduction: Number((1 - meanBytes / fullBytes).toFixed(4)),
      }),
    );
    const { state_mismatches, list_mismatches, prefill_excess_items } = totals;
    if (state_mismatches + list_mismatches + prefill_excess_items > 0) process.exitCode = 1;
  },
});

if (import.meta.main) await runCommand(command);
