/**
 * `npm run verify:incremental`: returning users get exactly what they would get from scratch, and only new
 * items are prefilled. Each history is cut into visits, in the middle of which the catalogue grows. Every
 * visit is served by a new isolate, so the state goes through its stored bytes every time. Then random
 * operations under a catalogue that changes all the time (`changing.ts`).
 */
import { SingleBar } from 'cli-progress';
import { StateCache } from '../../worker/cache/state-cache.ts';
import { encodeState } from '../../worker/cache/state-codec.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import { isNegative } from '../../worker/events/event-types.ts';
import type { Event } from '../../worker/history/event.ts';
import type { Tail } from '../../worker/history/log.ts';
import { MemoryLog } from '../../worker/history/memory-log.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { startsOf } from '../../worker/recommend/history.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { DIRECT } from '../../worker/recommend/run.ts';
import { given, type NoCache, type Source } from '../../worker/recommend/states.ts';
import { UserSource } from '../../worker/recommend/user-states.ts';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { eventsOf, readDataset } from '../dataset.ts';
import { listedItems } from '../listed-items.ts';
import { loadFolder } from '../node-model.ts';
import { randomInts, seededRandom, shuffled } from '../random.ts';
import { verifyChanging } from './changing.ts';

const CUTS = 5;
const LIST = 20;
const SEED = 1;
const USER = 'user';
/** One of so many items is unknown to a user's first visits. */
const UNKNOWN = 20;

/** What is counted over all users. */
export interface Totals {
  users: number;
  visits: number;
  window_moves: number;
  state_mismatches: number;
  list_mismatches: number;
  prefill_excess_items: number;
}

/**
 * Serves one user's visits. At first the catalogue does not know every item of the model; halfway it learns
 * of them. Returns the size of the last state and its number of items.
 */
async function serve(
  full: EarnModel,
  early: EarnModel,
  history: Event[],
  random: () => number,
  totals: Totals,
) {
  const [log, store] = [new MemoryLog(), new MemoryStore()];
  const cuts = [...new Set([...randomInts(random, CUTS, history.length), history.length])]
    .sort((a, b) => a - b)
    .filter((cut) => cut > 0);
  const { ranker: usual } = full.manifest;
  // Where counting makes the lists, a request for the decoder's still needs a state.
  const ranker = RANKERS[usual].needsState ? usual : 'latent';
  const query = { ...queryFor(LIST), ranker };
  let before = 0;
  let bytes = 0;
  let items = 0;
  for (const [visit, length] of cuts.entries()) {
    const model = visit < cuts.length / 2 ? early : full;
    const isLearning = visit > 0 && visit >= cuts.length / 2 && visit - 1 < cuts.length / 2;
    const added = history.slice(before, length);
    const tail = log.appendAndTail(USER, added);
    const source = new UserSource(log, new StateCache(store), USER, tail);
    const list = await recommend(model, source, query);
    await source.persist();
    const reference = given(history.slice(0, length));
    const expected = await recommend(model, reference, query);
    const same = list.items.every(({ id, score }, place) => {
      const { id: right, score: rightScore } = expected.items[place];
      return id === right && score === rightScore;
    });
    if (!same || expected.items.length !== list.items.length) totals.list_mismatches++;
    if (expected.source === 'model') {
      const cold = await coldState(model, reference, await tail);
      const [{ bytes: stored }] = store.values.values();
      if (!Buffer.from(stored).equals(Buffer.from(encodeState(cold)))) totals.state_mismatches++;
      bytes = stored.byteLength;
      items = cold.history.items.length;
    }
    if (list.cache.window_moved) totals.window_moves++;
    else if (!isLearning && !added.some(({ type }) => takesBack(full, type))) {
      totals.prefill_excess_items += Math.max(0, list.cache.prefilled_items - (length - before));
    }
    totals.visits++;
    before = length;
  }
  totals.users++;
  return { bytes, items };
}

/** Whether such an event takes out of the history what the state has read, so that it is rebuilt. */
function takesBack({ events }: EarnModel, type: string | undefined): boolean {
  return events !== undefined && isNegative(events.meaning, type);
}

/** What a cache should hold, from the whole history and without any cache. */
async function coldState(model: EarnModel, reference: Source<NoCache>, { epoch, total, digest }: Tail) {
  const { stateId, config } = model.manifest;
  const { anchor, had: hadFrom } = startsOf(total, 0, config.contextWindow);
  const { history } = await reference.read(model, DIRECT);
  const state = await model.prefill([...history.items]);
  return { stateId, epoch, position: total, digest: digest!, anchor, hadFrom, history, state };
}

/** The model before its catalogue learned of every `UNKNOWN`th item. */
function beforeLearning(model: EarnModel): EarnModel {
  const items = listedItems(model).map((item, index) =>
    index % UNKNOWN === 0 ? { ...item, id: `${item.id}, not yet` } : item,
  );
  return Object.create(model, { catalogue: { value: new ListedCatalogue(items) } });
}

/** Real histories, shuffled; or random ones of 20 to 400 items, like those of MovieLens. */
async function histories(model: EarnModel, data: string | undefined, users: number, random: () => number) {
  if (data) {
    const dataset = await readDataset(data);
    return shuffled([...dataset.users.keys()], random)
      .slice(0, users)
      .map((user) => eventsOf(dataset, user));
  }
  const items = listedItems(model);
  return Array.from({ length: users }, () => {
    const drawn = randomInts(random, 20 + Math.floor(random() * 381), items.length);
    return drawn.map((index): Event => ({ item: items[index].id }));
  });
}

const command = defineCommand({
  usage: `npm run verify:incremental [-- options]

Cuts histories into visits, serves each visit from the state that the one before it stored, and compares the
state and the list with those computed from the whole history. Then does the same with random operations under a
changing catalogue, returns and merges among them. Exits 1 when any differs. The last line printed
is a JSON object.`,
  options: {
    data: {
      type: 'folder',
      holds: LOG_FILES,
      description: 'histories to serve; without it they are drawn from the catalogue with a fixed seed',
    },
    model: { type: 'folder', holds: 'manifest.json', default: 'model-shards', description: 'the model' },
    users: { type: 'integer', min: 1, default: 300, description: 'how many users' },
    operations: { type: 'integer', min: 0, default: 10_000, description: 'under a changing catalogue' },
  },
  async main(options, { command, print }) {
    const model = await loadFolder(options.model);
    const early = beforeLearning(model);
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
      const final = await serve(model, early, history, random, totals);
      bytes += final.bytes;
      items += final.items;
      bar.increment();
    }
    bar.stop();
    const changing = await verifyChanging(model, options.operations, random);
    // The same decoder without EARN keeps keys and values of every item in all layers, in float32.
    const fullBytes = (items / totals.users) * depth * 2 * headDim * 4;
    const meanBytes = bytes / totals.users;
    print(
      JSON.stringify({
        command,
        ...totals,
        changing,
        mean_items: Math.round(items / totals.users),
        mean_state_bytes: Math.round(meanBytes),
        full_f32_bytes: Math.round(fullBytes),
        state_reduction: Number((1 - meanBytes / fullBytes).toFixed(4)),
      }),
    );
    const { state_mismatches, list_mismatches, prefill_excess_items } = totals;
    const { wrong, lost } = changing;
    if (state_mismatches + list_mismatches + prefill_excess_items + wrong + lost > 0) process.exitCode = 1;
  },
});

if (import.meta.main) await runCommand(command);
